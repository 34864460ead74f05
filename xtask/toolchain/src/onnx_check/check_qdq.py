# SPDX-License-Identifier: MIT OR Apache-2.0
"""onnx.checker and ONNX Runtime on QDQ graphs, against the tensors of the f32
graphs that they were made from.

Arguments: one folder each, holding encoder.onnx and decoder.onnx with
QuantizeLinear and DequantizeLinear pairs, and for each NAME.npz with
`in_<input>` and `out_<output>` arrays of the f32 graph. Prints a line each for
query and frame; fails where one is off by more than a tenth of its spread (rms).
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

LIMIT = 0.1


def load(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    if not any(node.op_type == "DequantizeLinear" for node in model.graph.node):
        sys.exit(f"{path}: nothing in it is quantised")
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def compare(path, output, got, wanted):
    off = float(np.sqrt(np.mean((got - wanted) ** 2)) / np.std(wanted))
    print(f"{path} {output}: {off:.3f} of its spread")
    if got.shape != wanted.shape or not off <= LIMIT:
        sys.exit(f"{path}: {output} is off by {off:.3f} of its spread, at most {LIMIT}")


for argument in sys.argv[1:]:
    folder = Path(argument)
    encoder, decoder = load(folder / "encoder.onnx"), load(folder / "decoder.onnx")
    stored = np.load(folder / "encoder.npz")
    feeds = {i.name: stored[f"in_{i.name}"] for i in encoder.get_inputs()}
    query, *skips = encoder.run(None, feeds)
    compare(folder, "query", query, stored[f"out_{encoder.get_outputs()[0].name}"])
    stored = np.load(folder / "decoder.npz")
    # Equalisation scales the skips of both graphs: they only fit each other.
    joined, *names = [i.name for i in decoder.get_inputs()]
    feeds = {joined: stored[f"in_{joined}"], **dict(zip(names, skips))}
    frame = decoder.run(None, feeds)[0]
    compare(folder, "frame", frame, stored[f"out_{decoder.get_outputs()[0].name}"])
