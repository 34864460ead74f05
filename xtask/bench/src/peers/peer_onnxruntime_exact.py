# SPDX-License-Identifier: MIT OR Apache-2.0
"""ONNX Runtime with the switch that keeps its products of bytes from
saturating, which they do on x86-64 without VNNI."""

import platform

import onnx
import peer_onnxruntime


def load(model, threads):
    nodes = onnx.load(model).graph.node
    if not any(node.op_type == "DequantizeLinear" for node in nodes):
        raise ValueError("the switch is for integers")
    if platform.machine() != "x86_64":
        raise ValueError("the switch is for x86-64")
    return peer_onnxruntime.load(model, threads, x64quantprecision="1")
