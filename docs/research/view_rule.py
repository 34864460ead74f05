# SPDX-License-Identifier: MIT OR Apache-2.0
"""Ranks ways to join the block term and the view term on normal footage that a network has not seen.

Patches of the same footage are pasted into the last third of it, moving or still, and it is played
two and three times as fast. The usual view comes from the first two thirds, which is what the network
has to be trained on. Nothing may be chosen by what it prints about test footage.
"""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

BLOCK, SMOOTHING_MS, WINDOW = 12, 300, 14
KINDS = ["moving", "still", "twice", "three times"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="+", metavar="BUNDLE,CLIP,FPS", help="f32 bundle of a change network, folder of frames")
    parser.add_argument("--seed", type=int, default=5)
    return parser.parse_args()


class Network:
    def __init__(self, folder):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.encoder, self.decoder = (
            onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options) for name in ("encoder", "decoder")
        )
        self.items = np.load(folder / "memory.npy")
        self.side = self.encoder.get_inputs()[0].shape[-1]

    def predict(self, past):
        frames = (past.astype(np.float32) / 127.5 - 1)[None]
        query, *skips = self.encoder.run(None, {self.encoder.get_inputs()[0].name: frames})
        rows = query[0].reshape(query.shape[1], -1)
        weight = np.exp(self.items @ rows)
        read = (self.items.T @ (weight / weight.sum(0))).reshape(query[0].shape)
        names = [given.name for given in self.decoder.get_inputs()]
        given = [np.concatenate([query[0], read])[None].astype(np.float32), *skips]
        return (self.decoder.run(None, dict(zip(names, given)))[0][0, 0] + 1) / 2


def load(folder, side):
    files = sorted(file for file in Path(folder).iterdir() if file.suffix.lower() in (".jpg", ".png", ".tif"))
    shrink = lambda file: Image.open(file).convert("L").resize((side, side), Image.BILINEAR)
    return np.stack([np.asarray(shrink(file)) for file in files])


def box(values):
    sums = np.cumsum(np.cumsum(np.pad(values, ((1, 0), (1, 0))), 0), 1)
    return (sums[BLOCK:, BLOCK:] - sums[:-BLOCK, BLOCK:] - sums[BLOCK:, :-BLOCK] + sums[:-BLOCK, :-BLOCK]) / BLOCK**2


def texture(frame):
    squares = np.zeros_like(frame)
    squares[:, 1:-1] += ((frame[:, 2:] - frame[:, :-2]) / 2) ** 2
    squares[1:-1] += ((frame[2:] - frame[:-2]) / 2) ** 2
    return box(squares)


def variance(error):
    return np.maximum(box(error * error) - box(error) ** 2, 0)


def view_ratio(view, frame):
    return variance(view - frame) / (texture(frame) + 0.01)


def terms(network, clip, view, usual, keep):
    """Block term and view term of the frames from the fifth on."""
    smoothed, worst = [0, 0], ([], [])
    for at in range(4, len(clip)):
        frame, newest = clip[at] / 255.0, clip[at - 1] / 255.0
        predicted = network.predict(clip[at - 4 : at])
        motion = 16 * box((predicted - newest) ** 2)
        ratios = variance(predicted - frame) / (texture(frame) + motion + 0.003), view_ratio(view, frame) / (0.05 + usual)
        for term, ratio in enumerate(ratios):
            smoothed[term] = ratio if at == 4 else keep * smoothed[term] + (1 - keep) * ratio
            worst[term].append(smoothed[term].max())
    return np.array(worst)


def paste(random, clip, is_still):
    count, height, width = clip.shape
    size = random.integers(8, 26, 2)
    place, source = (random.integers(0, [height - size[0], width - size[1]]) for _ in range(2))
    patch = clip[random.integers(count), source[0] : source[0] + size[0], source[1] : source[1] + size[1]].astype(float)
    patch = patch[:, ::-1] if random.random() < 0.5 else patch
    patch = 255 - patch if random.random() < 0.5 else patch
    y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
    opacity = (y**2 + x**2 < 1) * random.uniform(0.25, 1)
    speed = random.uniform(-1.5, 1.5, 2) * (not is_still)
    pasted = clip.astype(float)
    for index in range(count):
        top, left = np.clip(place + speed * index, 0, [height - size[0], width - size[1]]).astype(int)
        under = pasted[index, top : top + size[0], left : left + size[1]]
        under[:] = under * (1 - opacity) + patch * opacity
    return pasted.astype(np.uint8)


def surprise(normal, values):
    """-log10 p by rank, with a tail over the 95 % quantile."""
    above = len(normal) - np.searchsorted(np.sort(normal), values, side="right")
    bulk = -np.log10((above + 0.5) / (len(normal) + 1))
    start = np.quantile(normal, 0.95)
    scale = 0.8 * (normal[normal > start] - start).mean() + 1e-9
    tail = 1.3 + np.log10(np.e) / 0.2 * np.log1p(0.2 * np.maximum(values - start, 0) / scale)
    return np.minimum(np.where(values > start, tail, np.minimum(bulk, 1.3)), 12)


RULES = {
    "block alone": lambda block, view: block,
    "view alone": lambda block, view: view,
    "mean": lambda block, view: (block + view) / 2,
    "mean, view 0.5": lambda block, view: (block + 0.5 * view) / 1.5,
    "larger": np.maximum,
    "larger, view 0.7": lambda block, view: np.maximum(block, 0.7 * view),
    "larger, view 0.5": lambda block, view: np.maximum(block, 0.5 * view),
}


def auc(normal, abnormal):
    _, places, counts = np.unique(np.concatenate([normal, abnormal]), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places][len(normal) :]
    return (ranks.sum() - len(abnormal) * (len(abnormal) + 1) / 2) / (len(normal) * len(abnormal))


def clips_of(random, kind, clip):
    if kind in ("twice", "three times"):
        step = 2 if kind == "twice" else 3
        return [clip[first::step] for first in range(step)]
    starts = range(0, len(clip) - WINDOW, max(7, len(clip) // 30))
    return [paste(random, clip[start : start + WINDOW], kind == "still") for start in starts]


def judge(random, bundle, clip, fps):
    network = Network(Path(bundle))
    frames = load(clip, network.side)
    known, held_out = frames[: len(frames) * 2 // 3], frames[len(frames) * 2 // 3 :]
    sample = known[:: max(1, len(known) // 200)]
    view = np.median(sample, 0) / 255
    usual = np.quantile([view_ratio(view, frame / 255) for frame in sample], 0.95, 0)
    keep = np.exp(-1000 / float(fps) / SMOOTHING_MS)
    normal = terms(network, held_out, view, usual, keep)
    figures = {}
    for kind in KINDS:
        odd = [terms(network, clip, view, usual, keep)[:, 3:] for clip in clips_of(random, kind, held_out)]
        odd = np.concatenate(odd, 1)
        for name, rule in RULES.items():
            a, b = (rule(*(surprise(normal[term], values[term]) for term in (0, 1))) for values in (normal, odd))
            figures[kind, name] = 100 * auc(a, b), 100 * (b > np.quantile(a, 0.99)).mean()
    return figures


def main():
    args = arguments()
    random = np.random.default_rng(args.seed)
    scenes = [judge(random, *scene.split(",")) for scene in args.scenes]
    print("frame AUC; share above the 99 % quantile of normal frames; means over the scenes, in per cent")
    for kind in KINDS:
        print(f"{kind}:")
        for name in RULES:
            means = np.mean([scene[kind, name] for scene in scenes], 0)
            each = " ".join(f"{scene[kind, name][0]:5.1f};{scene[kind, name][1]:3.0f}" for scene in scenes)
            print(f"  {name:18} {means[0]:5.1f}; {means[1]:3.0f}   | {each}")


if __name__ == "__main__":
    main()
