# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs one network in one other runtime, turn by turn.

Arguments: RUNTIME MODEL FRAMES THREADS; FRAMES holds the input as raw f32.
A runtime's module, `peer_RUNTIME`, has `load(model, threads)`, which gives a
function that prepares the frames once, one that predicts from them, and the
version. First line out: `ready VERSION` or `missing REASON`. Then for each line in,
    predict FILE    writes the prediction as raw f32, answers `done`
    run N           answers N times `wall cpu` in milliseconds, on one line
    count N         predicts N times, each between two calls of getppid, which
                    `bench --arm` takes for marks; answers `done`
"""

import importlib
import os
import sys
import time

import numpy as np
import onnx


def input_shape(path):
    dims = onnx.load(path, load_external_data=False).graph.input[0].type.tensor_type.shape.dim
    return [d.dim_value for d in dims]


def say(line):
    print(" ".join(line.split("\n")), flush=True)


def timed(run, frames, count):
    for _ in range(count):
        cpu, wall = time.process_time(), time.perf_counter()
        run(frames)
        yield f"{(time.perf_counter() - wall) * 1e3:.4f} {(time.process_time() - cpu) * 1e3:.4f}"


def main():
    runtime, model, file, threads = sys.argv[1:]
    try:
        prepare, run, version = importlib.import_module(f"peer_{runtime}").load(model, int(threads))
        frames = prepare(np.fromfile(file, np.float32).reshape(input_shape(model)))
        run(frames)
    except Exception as error:
        say(f"missing {error}")
        return
    say(f"ready {version}")
    for line in sys.stdin:
        command, argument = line.split(maxsplit=1)
        if command == "predict":
            np.asarray(run(frames), np.float32).tofile(argument.strip())
            say("done")
        elif command == "count":
            for _ in range(int(argument)):
                os.getppid()
                run(frames)
                os.getppid()
            say("done")
        else:
            say(" ".join(timed(run, frames, int(argument))))


main()
