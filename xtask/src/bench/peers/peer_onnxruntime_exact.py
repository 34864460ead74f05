# SPDX-License-Identifier: MIT OR Apache-2.0
"""ONNX Runtime with the switch that keeps its products of bytes from
saturating, which they do on x86-64 without VNNI."""

import platform

import layers
import peer_onnxruntime


def load(model, threads):
    if not layers.read(model).steps:
        raise ValueError("the switch is for integers")
    if platform.machine() != "x86_64":
        raise ValueError("the switch is for x86-64")
    return peer_onnxruntime.load(model, threads, x64quantprecision="1")
