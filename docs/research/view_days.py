# SPDX-License-Identifier: MIT OR Apache-2.0
"""Says what is usual in a view, on normal footage that a network has not seen, as it is and as on another day.

The first two thirds of a clip give the usual view, and the network has to be trained on nothing else. The
next sixth calibrates; the last is judged, with patches pasted into it, and once more after a slip of the
camera, a blur, and other light. Several folders joined by + are clips: eleven give the view and three calibrate.
Nothing may be chosen by what it prints about test footage.
"""

import argparse
from pathlib import Path

import numpy as np
from view_rule import SMOOTHING_MS, Network, auc, box, clips_of, load, texture, variance, view_ratio

GAP_S, WINDOWS, KINDS = 5, 15, ["moving", "still"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="+", metavar="BUNDLE,CLIP[+CLIP…],FPS", help="f32 bundle of a change network, folders of frames")
    parser.add_argument("--seed", type=int, default=5)
    return parser.parse_args()


def slip(frames, right, down):
    """By so many pixels, at most one, with what is at the edge repeated."""
    for axis, by in ((-1, right), (-2, down)):
        beside = np.roll(frames, int(np.sign(by)), axis)
        edge, inner = (0, 1) if by > 0 else (-1, -2)
        np.moveaxis(beside, axis, 0)[edge] = np.moveaxis(frames, axis, 0)[edge]
        frames = (1 - abs(by)) * frames + abs(by) * beside
    return frames


def blurred(frames):
    return (frames + slip(frames, 1, 0) + slip(frames, -1, 0) + slip(frames, 0, 1) + slip(frames, 0, -1)) / 5


def across(frames, shape):
    y, x = np.mgrid[0 : 1 : frames.shape[-2] * 1j, 0 : 1 : frames.shape[-1] * 1j]
    return np.clip(frames * shape(x, y), 0, 255)


DAYS = {
    "same": lambda frames: frames,
    "slipped": lambda frames: slip(frames, 0.6, 0.4),
    "blurred": blurred,
    "other sun": lambda frames: across(frames, lambda x, y: 1 + 0.3 * np.sin(5 * x + 3 * y)),
    "shadow": lambda frames: across(frames, lambda x, y: np.where(x + 0.4 * y > 0.8, 0.6, 1)),
}


def usual_views(view, sample):
    ratios = np.array([view_ratio(view, frame / 255) for frame in sample])
    half = [view_ratio(view, slip(view, right / 2, down / 2)) for right in (-1, 0, 1) for down in (-1, 0, 1)]
    most, third, half = ratios.max(0), np.sort(ratios, 0)[-3], np.max(half, 0)
    usuals = {"95 %": np.quantile(ratios, 0.95, 0), "most": most, "most, or half a pixel": np.maximum(most, half)}
    return {**usuals, "third, or half a pixel": np.maximum(third, half)}


def seen(network, clip, view, usuals, keep):
    """Block term and view terms of the frames from the fifth on."""
    smoothed, worst = None, []
    for at in range(4, len(clip)):
        frame, newest = clip[at] / 255.0, clip[at - 1] / 255.0
        predicted = network.predict(clip[at - 4 : at])
        motion = 16 * box((predicted - newest) ** 2)
        now = np.array([variance(predicted - frame) / (texture(frame) + motion + 0.003), view_ratio(view, frame)])
        smoothed = now if smoothed is None else keep * smoothed + (1 - keep) * now
        worst.append([smoothed[0].max(), *((smoothed[1] / (0.05 + usual)).max() for usual in usuals)])
    return np.array(worst).T


def surprise(clips, values, gap):
    """-log10 p, whose tail is at least as heavy as the independent peaks of the clips allow."""
    normal = np.concatenate(clips)
    start, peaks = np.quantile(normal, 0.95), 0
    for clip in clips:
        last = -np.inf
        for at in np.flatnonzero(clip > start):
            peaks, last = (peaks + 1, at) if at - last >= gap else (peaks, last)
    excess = np.sort(normal[normal > start] - start)
    count, first = len(excess), excess.mean()
    second = ((count - np.arange(1, count + 1)) / (count - 1) * excess).sum() / count
    shape = 2 - first / (first - 2 * second) if first > 2 * second else 0
    bounded = np.clip(shape, 0, 0.5)
    scale = 2 * first * second / (first - 2 * second) if shape == bounded else first * (1 - bounded)
    bounded = max(bounded, min(1, 1 / peaks))
    bulk = -np.log10((len(normal) - np.searchsorted(np.sort(normal), values, side="right") + 0.5) / (len(normal) + 1))
    tail = 1.301 + np.log1p(bounded * np.maximum(values - start, 0) / scale) / bounded * np.log10(np.e)
    return np.minimum(np.where(values > start, tail, np.minimum(bulk, 1.301)), 12)


def parts(clips):
    if len(clips) > 1:
        return clips[:11], clips[11:14], clips[14:]
    thirds, end = len(clips[0]) * 2 // 3, len(clips[0]) * 5 // 6
    return [clips[0][:thirds]], [clips[0][thirds:end]], [clips[0][end:]]


def judge(random, bundle, folders, fps):
    network = Network(Path(bundle))
    known, calibrates, judged = parts([load(folder, network.side) for folder in folders.split("+")])
    known = np.concatenate(known)
    sample = known[np.linspace(0, len(known) - 1, min(200, len(known))).astype(int)]
    view = np.median(sample, 0) / 255
    usuals = usual_views(view, sample)
    keep, gap = np.exp(-1000 / float(fps) / SMOOTHING_MS), GAP_S * float(fps)
    terms = lambda clip: seen(network, clip, view, usuals.values(), keep)
    calm = [terms(clip) for clip in calibrates]
    windows = {kind: [w for clip in judged for w in clips_of(random, kind, clip)[:WINDOWS]] for kind in KINDS}
    figures = {}
    for day, change in DAYS.items():
        normal = np.concatenate([terms(change(clip.astype(float))) for clip in judged], 1)
        odd = {kind: np.concatenate([terms(change(w.astype(float)))[:, 3:] for w in windows[kind]], 1) for kind in KINDS}
        score = lambda term, values: surprise([clip[term] for clip in calm], values[term], gap)
        rules = {"block alone": lambda values: score(0, values)}
        for term, name in enumerate(usuals, 1):
            rules[name] = lambda values, term=term: np.maximum(score(0, values), 0.7 * score(term, values))
        for name, rule in rules.items():
            of_normal = rule(normal)
            ranks = [100 * auc(of_normal, rule(odd[kind])) for kind in KINDS]
            figures[day, name] = *ranks, 100 * (of_normal > 2).mean(), 100 * (of_normal > 3).mean()
    return figures


def main():
    args = arguments()
    random = np.random.default_rng(args.seed)
    scenes = [judge(random, *scene.split(",")) for scene in args.scenes]
    print("frame AUC of moving and of still things; normal frames above 2 and above 3; means over the scenes, in per cent")
    for day, name in scenes[0]:
        means = np.mean([scene[day, name] for scene in scenes], 0)
        print(f"{day:10} {name:22} " + " ".join(f"{figure:6.1f}" for figure in means))


if __name__ == "__main__":
    main()
