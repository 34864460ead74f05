# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checkpoint to bundle folder: two ONNX graphs, memory, golden sample, manifest, model card.

The graphs are written node by node with BatchNorm folded into the convolution
before it, so that they hold only the operators that the runtime implements.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import footage
import mnad

OPSET = 17
IR_VERSION = 8
TOLERANCE = 1e-4


class GraphWriter:
    def __init__(self, name, inputs, outputs):
        self.name, self.inputs, self.outputs = name, inputs, outputs
        self.nodes, self.constants, self.counts = [], [], {}

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, op, inputs, output=None, **attributes):
        if output is None:
            index = self.counts.get(op, 0)
            self.counts[op] = index + 1
            output = f"{op.lower()}_{index}"
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"{output}/{op}", **attributes))
        return output

    def layers(self, modules, value, prefix, output=None):
        """A run of torch layers; `output` names the last layer's value."""
        steps = fold(list(modules))
        for index, (layer, weight, bias) in enumerate(steps):
            name = output if index == len(steps) - 1 else None
            if isinstance(layer, nn.ReLU):
                value = self.node("Relu", [value], name)
            elif isinstance(layer, nn.Upsample):
                scales = self.constant(f"{prefix}.scales", np.array([1, 1, 2, 2], dtype=np.float32))
                value = self.node(
                    "Resize", [value, "", scales], name, mode="nearest",
                    coordinate_transformation_mode="asymmetric", nearest_mode="floor",
                )
            elif isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                names = [
                    self.constant(f"{prefix}.{index}.weight", weight),
                    self.constant(f"{prefix}.{index}.bias", bias),
                ]
                common = dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=list(layer.stride))
                if isinstance(layer, nn.ConvTranspose2d):
                    value = self.node("ConvTranspose", [value, *names], name, output_padding=[1, 1], **common)
                else:
                    value = self.node("Conv", [value, *names], name, **common)
            else:
                raise TypeError(f"no ONNX form for {layer}")
        return value

    def model(self):
        def describe(values):
            return [helper.make_tensor_value_info(n, TensorProto.FLOAT, list(s)) for n, s in values]

        graph = helper.make_graph(
            self.nodes, self.name, describe(self.inputs), describe(self.outputs), initializer=self.constants
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="normwatch")
        model.ir_version = IR_VERSION
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        onnx.checker.check_model(model, full_check=True)
        return model


def fold(modules):
    """Pairs each convolution with its weights, a BatchNorm behind it multiplied in."""
    steps = []
    for module in modules:
        if isinstance(module, nn.BatchNorm2d):
            convolution, weight, bias = steps[-1]
            factor = module.weight.double() / torch.sqrt(module.running_var.double() + module.eps)
            shape = (1, -1, 1, 1) if isinstance(convolution, nn.ConvTranspose2d) else (-1, 1, 1, 1)
            weight = weight * factor.reshape(shape)
            bias = (bias - module.running_mean.double()) * factor + module.bias.double()
            steps[-1] = (convolution, weight, bias)
        elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            steps.append((module, module.weight.double(), module.bias.double()))
        else:
            steps.append((module, None, None))
    as_array = lambda tensor: None if tensor is None else tensor.detach().float().numpy()
    return [(module, as_array(weight), as_array(bias)) for module, weight, bias in steps]


def sizes(config):
    w, h, v = config.width, config.height_px, config.width_px
    return {
        "frames": (1, config.frames * config.channels, h, v),
        "skip1": (1, w, h, v),
        "skip2": (1, 2 * w, h // 2, v // 2),
        "skip3": (1, 4 * w, h // 4, v // 4),
        "query": (1, 8 * w, h // 8, v // 8),
        "query_read": (1, 16 * w, h // 8, v // 8),
        "frame": (1, config.channels, h, v),
    }


def encoder_graph(model):
    size = sizes(model.config)
    names = ["query", "skip1", "skip2", "skip3"]
    graph = GraphWriter("encoder", [("frames", size["frames"])], [(n, size[n]) for n in names])
    encoder, value = model.encoder, "frames"
    for level, block in enumerate([encoder.block1, encoder.block2, encoder.block3], start=1):
        value = graph.layers(block, value, f"encoder{level}", output=f"skip{level}")
        value = graph.node("MaxPool", [value], kernel_shape=[2, 2], strides=[2, 2])
    value = graph.layers(encoder.block4, value, "encoder4")
    length = graph.node("ReduceL2", [value], axes=[1], keepdims=1)
    floor = graph.constant("epsilon", np.array(1e-12, dtype=np.float32))
    length = graph.node("Max", [length, floor])
    graph.node("Div", [value, length], "query")
    return graph.model()


def decoder_graph(model):
    size = sizes(model.config)
    names = ["query_read", "skip1", "skip2", "skip3"]
    graph = GraphWriter("decoder", [(n, size[n]) for n in names], [("frame", size["frame"])])
    decoder = model.decoder
    value = graph.layers(decoder.block4, "query_read", "decoder4")
    steps = [(decoder.up4, decoder.block3, 3), (decoder.up3, decoder.block2, 2), (decoder.up2, decoder.block1, 1)]
    for up, block, level in steps:
        value = graph.layers(up, value, f"up{level + 1}")
        value = graph.node("Concat", [f"skip{level}", value], axis=1)
        value = graph.layers(block, value, f"decoder{level}")
    graph.node("Tanh", [value], "frame")
    return graph.model()


@torch.no_grad()
def golden(model, items, frames):
    """What torch answers, BatchNorm unfolded, for u8 frames [t*c, H, W]."""
    model.eval()
    x = torch.from_numpy(mnad.to_network(frames))[None]
    query, skip1, skip2, skip3 = model.encoder(x)
    rows = mnad.to_rows(query)
    read = mnad.from_rows(mnad.read_memory(rows, items, model.config.temperature)[1], query.shape)
    frame = model.decoder(torch.cat([query, read], dim=1), skip1, skip2, skip3)
    skips = {"skip1": skip1, "skip2": skip2, "skip3": skip3}
    arrays = {"query": query[0], "read": read[0], "prediction": frame[0]}
    return {n: a.numpy() for n, a in arrays.items()}, {n: s.numpy() for n, s in skips.items()}


def compare_with_onnxruntime(folder, frames, expected, skips):
    """Largest absolute difference of every output; raises above the tolerance."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = lambda name: onnxruntime.InferenceSession(folder / name, options, providers=["CPUExecutionProvider"])
    names = ["query", "skip1", "skip2", "skip3"]
    answers = dict(zip(names, session("encoder.onnx").run(names, {"frames": mnad.to_network(frames)[None]})))
    query_read = np.concatenate([expected["query"], expected["read"]])[None]
    inputs = {"query_read": query_read, **{n: skips[n] for n in names[1:]}}
    answers["prediction"] = session("decoder.onnx").run(["frame"], inputs)[0]
    wanted = {"query": expected["query"][None], "prediction": expected["prediction"][None], **skips}
    worst = {n: float(np.abs(answers[n] - wanted[n]).max()) for n in wanted}
    if not max(worst.values()) <= TOLERANCE:
        raise ValueError(f"onnxruntime and torch differ by more than {TOLERANCE}: {worst}")
    return worst


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def manifest(config, about, folder):
    files = sorted(p.name for p in folder.iterdir() if p.name != "manifest.toml")
    lines = [
        "format_version = 1",
        f"name = {quoted(about['name'])}",
        f"preset = {quoted(about['preset'])}",
        'precision = "f32"',
        f"training_data = {quoted(about['training_data'])}",
        f"licence_note = {quoted(about['licence_note'])}",
        "",
        "[input]",
        f"width_px = {config.width_px}",
        f"height_px = {config.height_px}",
        f"channels = {quoted('luma' if config.channels == 1 else 'bgr')}",
        f"frames = {config.frames}",
        f"fps = {float(about.get('fps', 10.0))}",
        f"resize = {quoted(about.get('resize', 'bilinear'))}",
        "",
        "[memory]",
        f"items = {config.items}",
        f"channels = {config.query_channels}",
        f"temperature = {float(config.temperature)}",
        "",
        "[score]",
        f"lambda = {float(about.get('lambda', 0.6))}",
        f"gate_threshold = {float(about.get('gate_threshold', 0.01))}",
        f"block_px = {int(about.get('block_px', 12))}",
        "",
        "[files]",
        *[f"{quoted(name)} = {quoted(sha256(folder / name))}" for name in files],
    ]
    return "\n".join(lines) + "\n"


def write_bundle(model, items, frames, folder, about, card):
    """Writes the whole bundle and returns onnxruntime's differences from torch."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.iterdir():
        stale.unlink()
    model = model.eval()
    onnx.save(encoder_graph(model), folder / "encoder.onnx")
    onnx.save(decoder_graph(model), folder / "decoder.onnx")
    expected, skips = golden(model, items, frames)
    worst = compare_with_onnxruntime(folder, frames, expected, skips)
    np.save(folder / "memory.npy", np.ascontiguousarray(items.numpy(), dtype="<f4"))
    np.savez(folder / "golden.npz", frames=frames, **expected)
    (folder / "MODEL_CARD.md").write_text(card)
    (folder / "manifest.toml").write_text(manifest(model.config, about, folder))
    return worst


def load_checkpoint(path):
    state = torch.load(path, map_location="cpu", weights_only=False)
    model = mnad.Mnad(mnad.Config(**state["config"]))
    model.load_state_dict(state["model"])
    return model.eval(), state["items"].float(), state


def generated_frames(config):
    """u8 [t*c, H, W]: a bright disc crosses a texture. For footage that must not leave its owner."""
    yy, xx = np.mgrid[0 : config.height_px, 0 : config.width_px].astype(np.float64)
    frames = []
    for index in range(config.frames):
        disc = np.exp(-((xx - 20 - 4 * index) ** 2 + (yy - config.height_px / 2) ** 2) / 60.0)
        image = 110 + 30 * np.sin(xx / 11.0) * np.cos(yy / 17.0) + 90 * disc
        frames.append(np.stack([image] * config.channels))
    return np.concatenate(frames).clip(0, 255).round().astype(np.uint8)


def golden_frames(args, config):
    if args.golden_clip is None:
        return generated_frames(config)
    clip = footage.read_clip(args.golden_clip, config.width_px, config.height_px, config.channels)
    return clip[: config.frames].reshape(-1, *clip.shape[2:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--golden-clip", type=Path, help="its first frames go into golden.npz; default: generated frames")
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--preset", default="edge")
    parser.add_argument("--training-data", required=True)
    parser.add_argument("--licence-note", required=True)
    parser.add_argument("--fps", type=float, default=10.0)
    parser.add_argument("--gate-threshold", type=float, default=0.01)
    parser.add_argument("--block-px", type=int, default=12)
    args = parser.parse_args()
    model, items, _ = load_checkpoint(args.checkpoint)
    about = {
        "name": args.name,
        "preset": args.preset,
        "training_data": args.training_data,
        "licence_note": args.licence_note,
        "fps": args.fps,
        "gate_threshold": args.gate_threshold,
        "block_px": args.block_px,
    }
    worst = write_bundle(model, items, golden_frames(args, model.config), args.out, about, args.card.read_text())
    print("onnxruntime against torch, largest difference:", worst)
    print("bundle bytes:", sum(p.stat().st_size for p in args.out.iterdir()))


if __name__ == "__main__":
    main()
