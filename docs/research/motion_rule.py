# SPDX-License-Identifier: MIT OR Apache-2.0
"""Ranks ways to join a motion memory with the block term and the view term, as view_rule.py does.

A head and items of both sides learn, on the first two thirds of each clip, to tell it from the same clip
played twice and three times as fast. Abnormal are pasted patches and hurried playback of the last third.
Nothing may be chosen by what it prints about test footage.
"""

import argparse
from pathlib import Path

import numpy as np

from view_rule import KINDS, SMOOTHING_MS, Network, auc, clips_of, load, surprise, terms, view_ratio

CELL, STRIDE, ITEMS, STILL, LEAST_TOLD = 16, 8, 10, 0.8, 0.58
STEPS, BATCH, RATE, DECAY = 1000, 128, 3e-3, 1e-4

RULES = {
    "block and view": lambda before, motion: before,
    "motion alone": lambda before, motion: motion,
    "mean, motion 0.25": lambda before, motion: (before + 0.25 * motion) / 1.25,
    "mean, motion 0.5": lambda before, motion: (before + 0.5 * motion) / 1.5,
    "mean": lambda before, motion: (before + motion) / 2,
    "larger, motion 0.5": lambda before, motion: np.maximum(before, 0.5 * motion),
    "larger, motion 0.7": lambda before, motion: np.maximum(before, 0.7 * motion),
    "larger": np.maximum,
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="+", metavar="BUNDLE,CLIP,FPS", help="f32 bundle of a change network, folder of frames")
    parser.add_argument("--seed", type=int, default=5)
    return parser.parse_args()


def cells(maps):
    """Means over cells of the last two axes, row by row."""
    sums = np.pad(np.cumsum(np.cumsum(maps, -2), -1), [(0, 0)] * (maps.ndim - 2) + [(1, 0), (1, 0)])
    rows = sums[..., CELL::STRIDE, :] - sums[..., :-CELL:STRIDE, :]
    means = (rows[..., CELL::STRIDE] - rows[..., :-CELL:STRIDE]) / CELL**2
    return means.reshape(*means.shape[:-2], -1)


def gradient(frames):
    across, down = np.zeros_like(frames), np.zeros_like(frames)
    across[..., 1:-1] = (frames[..., 2:] - frames[..., :-2]) / 2
    down[..., 1:-1, :] = (frames[..., 2:, :] - frames[..., :-2, :]) / 2
    return across, down


def features(clip):
    """[frames, cells, 9] of the frames from the fifth on, and each cell's change since the frame before."""
    frames = clip.astype(np.float32) / 255
    now, one, two, four = frames[4:], frames[3:-1], frames[2:-2], frames[:-4]
    gx, gy = gradient((now + one) / 2)
    gt = now - one
    xx, yy, xy, xt, yt = (cells(product) for product in (gx * gx, gy * gy, gx * gy, gx * gt, gy * gt))
    xx, yy = xx + 1e-4, yy + 1e-4
    u, v = (np.clip(top / (xx * yy - xy * xy), -4, 4) for top in (xy * yt - yy * xt, xy * xt - xx * yt))
    changes = [cells(np.abs(now - before)) for before in (one, two, four)]
    nx, ny = gradient(now)
    texture = 0.5 * np.log(cells(nx * nx + ny * ny) + 1e-5)
    side = (now.shape[-1] - CELL) // STRIDE + 1
    place = [np.broadcast_to(axis.ravel() / (side - 1), u.shape) for axis in np.mgrid[0:side, 0:side]]
    logs = [np.log(change + 0.002) for change in changes]
    return np.stack([*logs, u, v, np.hypot(u, v), texture, *place], -1).astype(np.float32), changes[0]


def hurried(clips, speed):
    return [clip[first::speed] for clip in clips for first in range(speed) if len(clip[first::speed]) > 4]


def attention(place, items):
    """Shares among the items, and the logarithm of the sum."""
    distance = (place**2).sum(-1)[..., None] - 2 * place @ items.T + (items**2).sum(-1)
    least = distance.min(-1, keepdims=True)
    shares = np.exp(least - distance)
    total = shares.sum(-1, keepdims=True)
    return shares / total, (np.log(total) - least)[..., 0]


def train(random, usual, odd):
    """Two layers and the items of both sides, by Adam; the loss is the cross-entropy of the attention."""
    sizes = [usual.shape[1], 32, 16]
    p = []
    for a, b in zip(sizes, sizes[1:]):
        p += [random.uniform(-np.sqrt(6 / a), np.sqrt(6 / a), (a, b)).astype(np.float32), np.zeros(b, np.float32)]
    for side in (usual, odd):
        start = embed(p, side[random.integers(len(side), size=ITEMS)])
        p.append((start + random.uniform(-0.1, 0.1, start.shape)).astype(np.float32))
    first, second = [np.zeros_like(x) for x in p], [np.zeros_like(x) for x in p]
    truth = np.repeat(np.float32([0, 1]), BATCH)
    for step in range(1, STEPS + 1):
        x = np.concatenate([side[random.integers(len(side), size=BATCH)] for side in (usual, odd)])
        hidden = np.maximum(x @ p[0] + p[1], 0)
        place = np.maximum(hidden @ p[2] + p[3], 0)
        (near_usual, to_usual), (near_odd, to_odd) = attention(place, p[4]), attention(place, p[5])
        slope = ((1 / (1 + np.exp(to_usual - to_odd)) - truth) / len(x))[:, None]
        to_place = 2 * slope * (near_odd @ p[5] - near_usual @ p[4]) * (place > 0)
        to_hidden = to_place @ p[2].T * (hidden > 0)
        items = [
            sign * 2 * ((slope * near).T @ place - (slope * near).sum(0)[:, None] * own)
            for sign, near, own in ((-1, near_usual, p[4]), (1, near_odd, p[5]))
        ]
        slopes = [x.T @ to_hidden, to_hidden.sum(0), hidden.T @ to_place, to_place.sum(0), *items]
        rate = RATE * (1 - (step - 1) / STEPS)
        for i, g in enumerate(slopes):
            first[i] = 0.9 * first[i] + 0.1 * g
            second[i] = 0.999 * second[i] + 0.001 * g**2
            root = np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8
            p[i] = p[i] - rate * (first[i] / (1 - 0.9**step) / root + (DECAY * p[i] if i in (0, 2) else 0))
    return p


def embed(p, x):
    return np.maximum(np.maximum(x @ p[0] + p[1], 0) @ p[2] + p[3], 0)


class MotionMemory:
    """Learns from 85 % of each clip and is judged on the rest, as `train` does."""

    def __init__(self, clip, seed=1):
        random = np.random.default_rng(seed)
        cut = round(0.85 * len(clip))
        known, held_out = [clip[:cut]], [clip[cut:]]
        self.limit = np.quantile(features(known[0])[1], STILL)
        usual = self.moving(known)
        self.mean, self.spread = usual.mean(0), np.maximum(usual.std(0), 1e-3)
        odd = [self.normalised(self.moving(hurried(known, speed))) for speed in (2, 3)]
        count = max(map(len, odd))
        odd = np.concatenate([cells[random.integers(len(cells), size=count)] for cells in odd])
        self.p = train(random, self.normalised(usual), odd)
        right = (self.share(self.normalised(self.moving(held_out))) < 0.5).mean()
        caught = [(self.share(self.normalised(self.moving(hurried(held_out, speed)))) > 0.5).mean() for speed in (2, 3)]
        self.told = (right + np.mean(caught)) / 2

    def moving(self, clips):
        pairs = [features(clip) for clip in clips]
        return np.concatenate([cells[change > self.limit] for cells, change in pairs])

    def normalised(self, cells):
        return np.clip((cells - self.mean) / self.spread, -5, 5)

    def share(self, cells):
        place = embed(self.p, cells)
        odds = attention(place, self.p[5])[1] - attention(place, self.p[4])[1]
        return 1 / (1 + np.exp(-np.clip(odds, -50, 50)))

    def term(self, clip, keep):
        all_cells, change = features(clip)
        shares = np.where(change > self.limit, self.share(self.normalised(all_cells)), 0)
        smoothed, values = np.zeros(shares.shape[1]), []
        for share in shares:
            smoothed = keep * smoothed + (1 - keep) * share
            values.append(np.sort(smoothed)[-5:].mean())
        return np.array(values)


def judge(random, bundle, clip, fps):
    network = Network(Path(bundle))
    frames = load(clip, network.side)
    known, held_out = frames[: len(frames) * 2 // 3], frames[len(frames) * 2 // 3 :]
    sample = known[:: max(1, len(known) // 200)]
    view = np.median(sample, 0) / 255
    usual = np.quantile([view_ratio(view, frame / 255) for frame in sample], 0.95, 0)
    keep = np.exp(-1000 / float(fps) / SMOOTHING_MS)
    memory = MotionMemory(known)
    of_network = terms(network, held_out, view, usual, keep)
    of_motion = memory.term(held_out, keep)
    is_kept = memory.told >= LEAST_TOLD

    def joined(block_and_view, motion):
        block, seen = (surprise(of_network[term], block_and_view[term]) for term in (0, 1))
        before = np.maximum(block, 0.7 * seen)
        return before, surprise(of_motion, motion) if is_kept else before

    normal = joined(of_network, of_motion)
    figures = {}
    for kind in KINDS:
        clips = clips_of(random, kind, held_out)
        network_terms = np.concatenate([terms(network, clip, view, usual, keep)[:, 3:] for clip in clips], 1)
        odd = joined(network_terms, np.concatenate([memory.term(clip, keep)[3:] for clip in clips]))
        for name, rule in RULES.items():
            rule = rule if is_kept else RULES["block and view"]
            a, b = rule(*normal), rule(*odd)
            figures[kind, name] = 100 * auc(a, b), 100 * (b > np.quantile(a, 0.99)).mean()
    return memory.told, figures


def main():
    args = arguments()
    random = np.random.default_rng(args.seed)
    scenes = [judge(random, *scene.split(",")) for scene in args.scenes]
    print("moving cells told right:", " ".join(f"{100 * told:.0f}" for told, _ in scenes))
    print("frame AUC; share above the 99 % quantile of normal frames; means over the scenes, in per cent")
    for kind in KINDS:
        print(f"{kind}:")
        for name in RULES:
            means = np.mean([figures[kind, name] for _, figures in scenes], 0)
            each = " ".join(f"{figures[kind, name][0]:5.1f};{figures[kind, name][1]:3.0f}" for _, figures in scenes)
            print(f"  {name:18} {means[0]:5.1f}; {means[1]:3.0f}   | {each}")


if __name__ == "__main__":
    main()
