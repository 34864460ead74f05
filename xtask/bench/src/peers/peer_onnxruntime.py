# SPDX-License-Identifier: MIT OR Apache-2.0
import onnxruntime


def load(model, threads, **entries):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    for key, value in entries.items():
        options.add_session_config_entry(f"session.{key}", value)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    frames, frame = session.get_inputs()[0].name, session.get_outputs()[0].name

    def run(x):
        return session.run([frame], x)[0]

    return lambda x: {frames: x}, run, onnxruntime.__version__
