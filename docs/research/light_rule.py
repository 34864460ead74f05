# SPDX-License-Identifier: MIT OR Apache-2.0
"""Ranks ways to take jumps of the light out of pictures, on normal footage that a network has not seen.

The last third of each clip is made darker and brighter within three pictures: by an exposure, by a lamp on one
side, or through a camera's tone curve. The network has to be trained on the first two thirds. Nothing may be
chosen by what it prints about test footage.
"""

import argparse
from pathlib import Path

import numpy as np

from view_rule import SMOOTHING_MS, Network, auc, clips_of, load, surprise, terms, view_ratio

TILES, AGREEING, LEAST, LARGEST, BLACK = 8, 0.6, 0.012, np.log(2), 4
FLICKERS = 0.02
LEVELS = np.arange(8.0, 256, 16)
JUMPS = ["exposure", "lamp", "tone curve"]
RULES = {"nothing": None, "a factor, 1/64": (False, 64), "or a curve, 1/64": (True, 64), "or a curve, 1/16": (True, 16)}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="+", metavar="BUNDLE,CLIP,FPS", help="f32 bundle of a change network, folder of frames")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--frames", type=int, default=150, help="of the last third, from its start")
    return parser.parse_args()


def means(frame):
    down, across = (side // TILES for side in frame.shape)
    return frame[: down * TILES, : across * TILES].reshape(TILES, down, TILES, across).mean((1, 3))


def median_change(before, now):
    """Logarithm of what most tiles have changed by together, if they have."""
    changes = np.log((means(now) + BLACK) / (means(before) + BLACK))
    median = np.median(changes)
    is_light = (changes * np.sign(median) > LEAST).mean() >= AGREEING and abs(median) <= LARGEST
    return median if is_light else None


def changed(levels, logs):
    return (levels + BLACK) * np.exp(logs) - BLACK


def curve_of(now, back):
    """By level of `now`, the median logarithm of what its pixels were over what they are."""
    knot = (now // 16).astype(int).ravel()
    groups = [back[knot == index] for index in range(len(LEVELS))]
    known = [index for index, group in enumerate(groups) if len(group) >= now.size / 200]
    logs = np.interp(LEVELS, LEVELS[known], [np.median(groups[index]) for index in known])
    return np.convolve(np.pad(logs, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")


def explained(before, now, median, with_curve):
    """What brings `now` to the light of `before`, by level, if it is light."""
    back = np.log((before + BLACK) / (now + BLACK)).ravel()
    logs, left = np.full(len(LEVELS), -median), np.median(np.abs(back + median))
    if with_curve:
        curve = curve_of(now, back)
        left_by_curve = np.median(np.abs(back - np.interp(now.ravel(), LEVELS, curve)))
        if abs(median) >= 0.04 and left_by_curve <= 0.7 * left and (np.diff(changed(LEVELS, curve)) >= 4).all():
            logs, left = curve, left_by_curve
    return logs if left <= 0.5 * np.median(np.abs(back)) else None


def relit(clip, rule):
    """What the rule makes of a clip, and how many jumps it takes out."""
    if rule is None:
        return clip, 0
    with_curve, returning = rule
    before, logs, out, found = None, np.zeros(len(LEVELS)), [], 0
    for frame in clip:
        now, logs = frame.astype(float), logs * (1 - 1 / returning)
        median = None if before is None else median_change(before, now)
        change = None if median is None else explained(before, now, median, with_curve)
        if change is not None:
            found += 1
            logs = np.interp(np.clip(changed(LEVELS, change), 0, 255), LEVELS, logs) + change
            logs = np.clip(logs, -LARGEST, LARGEST)
        table = np.maximum.accumulate(np.clip(changed(np.arange(256), np.interp(np.arange(256), LEVELS, logs)), 0, 255))
        out.append(np.round(table).astype(np.uint8)[frame] if abs(logs).max() >= 0.004 else frame)
        before = now
    return np.stack(out), found


def gains(random, count):
    """Logarithm of the light over time: within three pictures to another, held, and back."""
    gain, at = np.zeros(count), random.integers(6, 14)
    while at < count:
        size, ramp = random.choice([-1, 1]) * random.uniform(0.12, 0.35), random.integers(1, 4)
        up = np.linspace(0, size, ramp + 1)[1:]
        shape = np.concatenate([up, np.full(random.integers(8, 25), size), up[-2::-1], [0]])
        end = min(count, at + len(shape))
        gain[at:end] += shape[: end - at]
        at = end + random.integers(10, 25)
    return 2.2 * gain


def lit(random, clip, kind):
    """A clip in jumping light, and the same in the light that it has."""
    gain, linear = gains(random, len(clip))[:, None, None], (clip / 255) ** 2.2
    grey = lambda values: np.clip(255 * np.clip(values, 0, 1) ** (1 / 2.2), 0, 255).round().astype(np.uint8)
    if kind == "tone curve":
        curve = lambda light: 1.25 * light / (light + 0.25)
        return grey(curve(linear * np.exp(gain))), grey(curve(linear))
    if kind == "lamp":
        down, across = np.mgrid[-1 : 1 : clip.shape[1] * 1j, -1 : 1 : clip.shape[2] * 1j]
        x, y = random.uniform(-1.2, 1.2, 2)
        gain = 1.3 * gain * np.exp(-((across - x) ** 2 + (down - y) ** 2) / 1.5)
    return grey(linear * np.exp(gain)), clip


def judge(random, bundle, clip, fps, count):
    network = Network(Path(bundle))
    frames = load(clip, network.side)
    known, held_out = frames[: len(frames) * 2 // 3], frames[len(frames) * 2 // 3 :][:count]
    sample = known[:: max(1, len(known) // 200)]
    view = np.median(sample, 0) / 255
    usual = np.quantile([view_ratio(view, frame / 255) for frame in sample], 0.95, 0)
    keep = np.exp(-1000 / float(fps) / SMOOTHING_MS)
    jumps = {kind: lit(random, held_out, kind) for kind in JUMPS}
    pasted = clips_of(random, "moving", held_out)[::4]
    figures = {}
    for name, rule in RULES.items():
        found = relit(known, rule)[1] / len(known)
        rule = rule if found <= FLICKERS else None
        of = lambda clip: terms(network, relit(clip, rule)[0], view, usual, keep)
        usual_terms = of(held_out)
        score = lambda found, normal: np.maximum(
            surprise(normal[0], found[0]), 0.7 * surprise(normal[1], found[1])
        )
        normal = score(usual_terms, usual_terms)
        for kind, (jumping, calm) in jumps.items():
            calm_terms = usual_terms if calm is held_out else of(calm)
            calm_score, jumped = score(calm_terms, calm_terms), score(of(jumping), calm_terms)
            figures[kind, name] = 100 * (jumped > np.quantile(calm_score, 0.99)).mean(), jumped.max()
        odd = np.concatenate([of(clip)[:, 3:] for clip in pasted], 1)
        figures["pasted", name] = 100 * auc(normal, score(odd, usual_terms)), 100 * found
    return figures


def main():
    args = arguments()
    random = np.random.default_rng(args.seed)
    scenes = [judge(random, *scene.split(","), args.frames) for scene in args.scenes]
    print("in jumping light: frames above the 99 % quantile of those in calm light, in per cent; highest score")
    print("pasted: frame AUC in calm light; jumps found in the footage that is trained on; in per cent; with more than two, none is taken out")
    for kind in [*JUMPS, "pasted"]:
        print(f"{kind}:")
        for name in RULES:
            mean = np.mean([figures[kind, name] for figures in scenes], 0)
            each = " ".join(f"{figures[kind, name][0]:5.1f};{figures[kind, name][1]:4.1f}" for figures in scenes)
            print(f"  {name:18} {mean[0]:5.1f}; {mean[1]:4.1f}   | {each}")


if __name__ == "__main__":
    main()
