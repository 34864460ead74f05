# SPDX-License-Identifier: MIT OR Apache-2.0
"""LiteRT (once TensorFlow Lite) with XNNPACK, by a flat buffer written here."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import importlib.metadata

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

import layers

TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.int32): schema.TensorType.INT32,
}
# The highest version of an operator that takes all types used here.
VERSIONS = {"CONV_2D": 3, "MAX_POOL_2D": 2, "RESIZE_NEAREST_NEIGHBOR": 2, "CONCATENATION": 2}


def channels_last(shape):
    batch, channels, height, width = shape
    return [batch, height, width, channels]


class Writer:
    def __init__(self, network):
        self.network, self.tensors, self.places = network, [], {}
        self.buffers, self.codes, self.operators = [schema.BufferT()], {}, []
        for layer in network.layers:
            self.layer(layer)

    def tensor(self, name, shape, dtype, values=None, scales=None, zeros=None):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, shape, TYPES[np.dtype(dtype)]
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(values, dtype).tobytes(), np.uint8)
            self.buffers.append(buffer)
            tensor.buffer = len(self.buffers) - 1
        if scales is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = np.atleast_1d(np.asarray(scales, np.float32))
            zeros = np.zeros(len(tensor.quantization.scale)) if zeros is None else np.atleast_1d(zeros)
            tensor.quantization.zeroPoint = zeros.astype(np.int64)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def map(self, name):
        if name not in self.places:
            shape, steps = channels_last(self.network.shapes[name]), self.network.steps.get(name)
            how = (np.int8, None, steps.scale, steps.zero) if steps else (np.float32,)
            self.places[name] = self.tensor(name, shape, *how)
        return self.places[name]

    def put(self, kind, inputs, output, options=None, options_type=0):
        if kind not in self.codes:
            self.codes[kind] = len(self.codes)
        operator = schema.OperatorT()
        operator.opcodeIndex = self.codes[kind]
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptions, operator.builtinOptionsType = options, options_type
        self.operators.append(operator)

    def layer(self, layer):
        if layer.output not in self.network.shapes:
            self.network.shapes[layer.output] = self.shape(layer)
        getattr(self, layer.kind)(layer, [self.map(n) for n in layer.inputs], self.map(layer.output))

    def shape(self, layer):
        shape = list(self.network.shapes[layer.inputs[0]])
        if layer.kind == "conv":
            shape[1] = len(layer.parameters["weight"])
        return shape

    def conv(self, layer, inputs, output):
        p, name = layer.parameters, layer.output
        weight = p["weight"].transpose(0, 2, 3, 1)
        if p["scales"] is None:
            weight = self.tensor(f"{name}.w", weight.shape, np.float32, weight)
            bias = self.tensor(f"{name}.b", p["bias"].shape, np.float32, p["bias"])
        else:
            scales = np.broadcast_to(np.atleast_1d(p["scales"]), len(weight))
            weight = self.tensor(f"{name}.w", weight.shape, np.int8, weight, scales)
            by = scales * np.float32(self.network.steps[layer.inputs[0]].scale)
            bias = self.tensor(f"{name}.b", p["bias"].shape, np.int32, p["bias"], by)
        options = schema.Conv2DOptionsT()
        options.padding, options.strideW, options.strideH = schema.Padding.SAME, 1, 1
        options.dilationWFactor = options.dilationHFactor = 1
        if p["relu"]:
            options.fusedActivationFunction = schema.ActivationFunctionType.RELU
        self.put("CONV_2D", [*inputs, weight, bias], output, options, schema.BuiltinOptions.Conv2DOptions)

    def pool(self, layer, inputs, output):
        options = schema.Pool2DOptionsT()
        options.padding = schema.Padding.VALID
        options.strideW = options.strideH = options.filterWidth = options.filterHeight = 2
        self.put("MAX_POOL_2D", inputs, output, options, schema.BuiltinOptions.Pool2DOptions)

    def double(self, layer, inputs, output):
        size = np.array(self.network.shapes[layer.output][2:], np.int32)
        size = self.tensor(f"{layer.output}.size", [2], np.int32, size)
        kind = schema.BuiltinOptions.ResizeNearestNeighborOptions
        options = schema.ResizeNearestNeighborOptionsT()
        self.put("RESIZE_NEAREST_NEIGHBOR", [*inputs, size], output, options, kind)

    def concat(self, layer, inputs, output):
        options = schema.ConcatenationOptionsT()
        options.axis = 3
        kind = schema.BuiltinOptions.ConcatenationOptions
        self.put("CONCATENATION", inputs, output, options, kind)

    def softmax(self, layer, inputs, output):
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        self.put("SOFTMAX", inputs, output, options, schema.BuiltinOptions.SoftmaxOptions)

    def unit(self, layer, inputs, output):
        kind = schema.BuiltinOptions.L2NormOptions
        self.put("L2_NORMALIZATION", inputs, output, schema.L2NormOptionsT(), kind)

    def sub(self, layer, inputs, output):
        value = np.float32(layer.parameters["value"])
        value = self.tensor(f"{layer.output}.by", [1], np.float32, value)
        options = schema.SubOptionsT()
        self.put("SUB", [*inputs, value], output, options, schema.BuiltinOptions.SubOptions)

    def tanh(self, layer, inputs, output):
        self.put("TANH", inputs, output)

    def quantise(self, layer, inputs, output):
        self.put("QUANTIZE", inputs, output)

    def dequantise(self, layer, inputs, output):
        self.put("DEQUANTIZE", inputs, output)

    def code(self, kind):
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), VERSIONS.get(kind, 1)
        return code

    def bytes(self):
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = [self.map(self.network.input)], [self.map(self.network.output)]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [graph], self.buffers
        model.operatorCodes = [self.code(kind) for kind in self.codes]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def load(model, threads):
    content = Writer(layers.read(model)).bytes()
    interpreter = Interpreter(model_content=content, num_threads=threads)
    interpreter.allocate_tensors()
    frames = interpreter.get_input_details()[0]["index"]
    frame = interpreter.get_output_details()[0]["index"]

    def prepare(x):
        return np.ascontiguousarray(x.transpose(0, 2, 3, 1))

    def run(x):
        interpreter.set_tensor(frames, x)
        interpreter.invoke()
        return interpreter.get_tensor(frame).transpose(0, 3, 1, 2)

    return prepare, run, importlib.metadata.version("ai-edge-litert")
