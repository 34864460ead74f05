# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes one ONNX graph, frames → frame, of an encoder, a memory and a decoder.

Arguments: ENCODER DECODER MEMORY TEMPERATURE OUT. The memory becomes two 1×1
convolutions around a softmax, in f32. As one graph, a runtime can keep in
integers what goes from the encoder to the decoder, as ours does.
"""

import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper


def prefixed(graph, prefix, keep):
    """Renames all tensors and nodes but those in `keep`."""
    name = lambda n: n if not n or n in keep else prefix + n
    for node in graph.node:
        node.name = prefix + node.name
        node.input[:] = [name(n) for n in node.input]
        node.output[:] = [name(n) for n in node.output]
    for tensor in graph.initializer:
        tensor.name = name(tensor.name)


def memory(items, temperature):
    """query → query_read."""
    rows, channels = items.shape
    weights = (items / temperature).reshape(rows, channels, 1, 1)
    back = np.ascontiguousarray(items.T).reshape(channels, rows, 1, 1)
    tensors = [
        numpy_helper.from_array(weights.astype(np.float32), "memory.items"),
        numpy_helper.from_array(back.astype(np.float32), "memory.back"),
    ]
    nodes = [
        helper.make_node("Conv", ["query", "memory.items"], ["memory.alike"], kernel_shape=[1, 1]),
        helper.make_node("Softmax", ["memory.alike"], ["memory.weights"], axis=1),
        helper.make_node("Conv", ["memory.weights", "memory.back"], ["memory.read"], kernel_shape=[1, 1]),
        helper.make_node("Concat", ["query", "memory.read"], ["query_read"], axis=1),
    ]
    return nodes, tensors


def join(encoder, decoder, items, temperature):
    first, second = encoder.graph, decoder.graph
    frames, frame = first.input[0], second.output[0]
    prefixed(first, "encoder/", {frames.name, *(o.name for o in first.output)})
    prefixed(second, "decoder/", {frame.name, *(i.name for i in second.input)})
    nodes, tensors = memory(items, temperature)
    tensors = [*first.initializer, *tensors, *second.initializer]
    nodes = [*first.node, *nodes, *second.node]
    graph = helper.make_graph(nodes, "network", [frames], [frame], tensors)
    model = helper.make_model(graph, opset_imports=encoder.opset_import, ir_version=encoder.ir_version)
    onnx.checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    encoder, decoder, items, temperature, out = sys.argv[1:]
    model = join(onnx.load(encoder), onnx.load(decoder), np.load(items), float(temperature))
    onnx.save(model, out)
