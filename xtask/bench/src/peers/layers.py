# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads a joined graph as the few layers that it consists of."""

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import numpy_helper


@dataclass
class Layer:
    kind: str
    inputs: list
    output: str
    parameters: dict = field(default_factory=dict)


@dataclass
class Steps:
    """Real value = (integer − zero) · scale, integers signed."""

    scale: float
    zero: int


@dataclass
class Network:
    input: str
    output: str
    layers: list
    shapes: dict
    """Of tensors that hold integers."""
    steps: dict


class Reader:
    def __init__(self, path):
        model = onnx.shape_inference.infer_shapes(onnx.load(path))
        graph = model.graph
        self.nodes = list(graph.node)
        self.values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        known = [*graph.input, *graph.value_info, *graph.output]
        self.shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in known}
        self.input, self.output = graph.input[0].name, graph.output[0].name
        self.makers = {o: n for n in self.nodes for o in n.output}
        self.layers, self.steps, self.same = [], {}, {}

    def read(self):
        for node in self.nodes:
            getattr(self, node.op_type.lower(), self.unknown)(node)
        return Network(self.input, self.output, self.layers, self.shapes, self.steps)

    def unknown(self, node):
        raise ValueError(f"no translation of {node.op_type} ({node.name})")

    def add(self, kind, node, inputs=None, **parameters):
        inputs = list(node.input) if inputs is None else inputs
        inputs = [self.same.get(n, n) for n in inputs]
        self.layers.append(Layer(kind, inputs, node.output[0], parameters))

    def attributes(self, node):
        return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}

    def constant(self, name):
        """A constant, or the integers of a dequantised one and their scales."""
        if name in self.values:
            return self.values[name], None
        integers, scales = (self.values[n] for n in self.makers[name].input[:2])
        return integers, scales

    def conv(self, node):
        attributes = self.attributes(node)
        pads = set(attributes.get("pads", [0]))
        weight, scales = self.constant(node.input[1])
        if len(pads) > 1 or weight.shape[2] // 2 not in pads or set(attributes.get("strides", [1])) != {1}:
            raise ValueError(f"no translation of the padding or stride of {node.name}")
        bias = self.constant(node.input[2])[0] if len(node.input) > 2 else None
        if bias is None:
            bias = np.zeros(weight.shape[0], np.float32)
        self.add("conv", node, node.input[:1], weight=weight, bias=bias, scales=scales, relu=False)

    def relu(self, node):
        made = self.layers[-1]
        if made.kind != "conv" or made.output != node.input[0]:
            return self.unknown(node)
        made.parameters["relu"], made.output = True, node.output[0]

    def maxpool(self, node):
        self.add("pool", node)

    def resize(self, node):
        self.add("double", node, node.input[:1])

    def concat(self, node):
        self.add("concat", node)

    def softmax(self, node):
        self.add("softmax", node)

    def tanh(self, node):
        self.add("tanh", node)

    def sub(self, node):
        self.add("sub", node, node.input[:1], value=float(self.values[node.input[1]].reshape(-1)[0]))

    def reducel2(self, node):
        """The first of ReduceL2, Max, Div."""

    def max(self, node):
        """The second."""

    def div(self, node):
        self.add("unit", node, node.input[:1])

    def quantizelinear(self, node):
        """Its result counts as a tensor of integers, which the layers around
        it read and write; a conversion is a layer only where floats come in."""
        scale, zero = (self.values[n] for n in node.input[1:3])
        shift = 128 if zero.dtype == np.uint8 else 0
        steps = Steps(float(scale), int(zero) - shift)
        source, result = self.same.get(node.input[0], node.input[0]), node.output[0]
        made = self.layers[-1] if self.layers else None
        if made and made.output == source and self.integer(made):
            made.output = result
        else:
            self.layers.append(Layer("quantise", [source], result))
        self.steps[result] = steps
        self.shapes[result] = self.shapes[node.input[0]]

    def integer(self, layer):
        if layer.kind == "conv":
            return layer.parameters["scales"] is not None
        return layer.kind in ("pool", "double", "concat") and all(n in self.steps for n in layer.inputs)

    def dequantizelinear(self, node):
        if node.input[0] in self.values:
            return
        self.same[node.output[0]] = node.input[0]


def settle(network):
    """Puts a layer `dequantise` before each that computes in floats."""
    layers, floats = [], {}
    for layer in network.layers:
        if layer.output not in network.steps:
            for index, name in enumerate(layer.inputs):
                if name not in network.steps:
                    continue
                if name not in floats:
                    floats[name] = f"{name}.floats"
                    network.shapes[floats[name]] = network.shapes[name]
                    layers.append(Layer("dequantise", [name], floats[name]))
                layer.inputs[index] = floats[name]
        layers.append(layer)
    network.layers = layers
    return network


def read(path):
    return settle(Reader(path).read())
