# SPDX-License-Identifier: MIT OR Apache-2.0
"""ncnn, by a text of layers and a file of weights written here."""

import os
import tempfile
from collections import Counter

import ncnn
import numpy as np

import layers


def line(kind, name, inputs, outputs, *parameters):
    given = " ".join(f"{key}={value}" for key, value in parameters)
    return f"{kind} {name} {len(inputs)} {len(outputs)} {' '.join([*inputs, *outputs])} {given}"


class Writer:
    def __init__(self, network):
        self.lines, self.weights, self.blobs = [], bytearray(), 0
        self.readers = Counter(n for layer in network.layers for n in layer.inputs)
        self.copies = {}
        channels, height, width = network.shapes[network.input][1:]
        shape = [(0, width), (1, height), (2, channels)]
        self.put("Input", [], network.input, *shape)
        for layer in network.layers:
            self.layer(layer)

    def put(self, kind, inputs, output, *parameters):
        """ncnn wants a layer of its own where a blob is read more than once."""
        taken = [self.copies[n].pop() if n in self.copies else n for n in inputs]
        self.lines.append(line(kind, f"l{len(self.lines)}", taken, [output], *parameters))
        self.blobs += 1
        readers = self.readers[output]
        if readers > 1:
            self.copies[output] = [f"{output}.{i}" for i in range(readers)]
            self.lines.append(line("Split", f"l{len(self.lines)}", [output], self.copies[output]))
            self.blobs += readers

    def layer(self, layer):
        p, put = layer.parameters, lambda kind, *ps: self.put(kind, layer.inputs, layer.output, *ps)
        if layer.kind == "conv":
            weight = p["weight"].astype(np.float32)
            outputs, _, kernel, _ = weight.shape
            put("Convolution", (0, outputs), (1, kernel), (4, kernel // 2), (5, 1),
                (6, weight.size), (9, int(p["relu"])))
            self.weights += bytes(4) + weight.tobytes() + p["bias"].astype(np.float32).tobytes()
        elif layer.kind == "pool":
            put("Pooling", (0, 0), (1, 2), (2, 2), (5, 1))
        elif layer.kind == "double":
            put("Interp", (0, 1), (1, 2.0), (2, 2.0))
        elif layer.kind == "concat":
            put("Concat", (0, 0))
        elif layer.kind == "softmax":
            put("Softmax", (0, 0), (1, 1))
        elif layer.kind == "tanh":
            put("TanH")
        elif layer.kind == "unit":
            put("Normalize", (0, 0), (1, 1), (2, 1e-12), (3, 1), (4, 1), (9, 1))
            self.weights += np.float32(1).tobytes()
        else:
            raise ValueError(f"ncnn: no translation of {layer.kind}")

    def save(self, folder):
        param, binary = os.path.join(folder, "a.param"), os.path.join(folder, "a.bin")
        with open(param, "w", encoding="utf-8") as file:
            file.write("\n".join(["7767517", f"{len(self.lines)} {self.blobs}", *self.lines, ""]))
        with open(binary, "wb") as file:
            file.write(self.weights)
        return param, binary


def load(model, threads):
    network = layers.read(model)
    if network.steps:
        raise ValueError("its integers are symmetric, these graphs have zero points")
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    with tempfile.TemporaryDirectory() as folder:
        param, binary = Writer(network).save(folder)
        if net.load_param(param) or net.load_model(binary):
            raise ValueError("ncnn refused the translation")

    def run(x):
        extractor = net.create_extractor()
        extractor.input(network.input, x)
        failed, out = extractor.extract(network.output)
        if failed:
            raise ValueError("ncnn failed")
        return np.array(out)

    return lambda x: ncnn.Mat(x[0]).clone(), run, ncnn.__version__
