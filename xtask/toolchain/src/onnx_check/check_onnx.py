# SPDX-License-Identifier: MIT OR Apache-2.0
"""onnx.checker and ONNX Runtime against stored tensors.

Arguments: one folder each, holding encoder.onnx, decoder.onnx and, for each,
NAME.npz with `in_<input>` and `out_<output>` arrays. Prints a line a graph and
fails on the first difference out of tolerance: f32 1e-4; integers one step on
99.9 % of the elements; of what hangs on integers three steps of its own range,
of what hangs on f16 two per cent of it (tract sums in f16, ONNX Runtime in f32).
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime


def check(folder, name):
    path = folder / f"{name}.onnx"
    onnx.checker.check_model(onnx.load(path), full_check=True)
    stored = np.load(folder / f"{name}.npz")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    types = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int8)": np.int8}
    feeds = {i.name: stored[f"in_{i.name}"].astype(types[i.type]) for i in session.get_inputs()}
    names = [o.name for o in session.get_outputs()]
    integer = any(n.op_type in ("QLinearConv", "QuantizeLinear") for n in onnx.load(path).graph.node)
    half = any(t.data_type == onnx.TensorProto.FLOAT16 for t in onnx.load(path).graph.initializer)
    for output, got in zip(names, session.run(names, feeds)):
        wanted = stored[f"out_{output}"]
        if got.shape != wanted.shape or (got.dtype == np.int8) != (wanted.dtype == np.int8):
            sys.exit(f"{path}: {output} is {got.dtype}{got.shape}, not {wanted.dtype}{wanted.shape}")
        difference = np.abs(got.astype(np.float64) - wanted.astype(np.float64))
        if got.dtype == np.int8:
            found, limit = float((difference > 1).mean()), 1e-3
        elif integer or half:
            found, limit = float(difference.max() / np.ptp(wanted)), 3 / 255 if integer else 2e-2
        else:
            found, limit = float(difference.max()), 1e-4
        print(f"{folder.name}/{name} {output}: {found:.2e}, at most {limit:.0e}")
        if not found <= limit:
            sys.exit(f"{path}: {output} is out of tolerance: {found:.3e}, at most {limit:.0e}")


for argument in sys.argv[1:]:
    for graph in ["encoder", "decoder"]:
        check(Path(argument), graph)
