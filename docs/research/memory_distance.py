# SPDX-License-Identifier: MIT OR Apache-2.0
"""Says what the memory distance is worth: alone, and beside the block term of the deployed score.

Labelled footage is one column. --paste adds three, of normal clips that the
network has not seen: with a hurrying pedestrian pasted into them, with one who
walks as fast as before, and with a roaming patch. Whatever ranks the second as
high as the first knows pastes, not speed. Nothing may be chosen by what it
prints about test footage.
"""

import argparse
from pathlib import Path

import numpy as np

import footage
import mnad
import score_rule

BLOCK_PX, FLOOR, SMOOTHING_MS = 16, 0.01, 300
SHARES = [0.1, 0.2, 0.35, 0.5, 0.65, 0.8]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, help="an f32 bundle")
    parser.add_argument("normal", type=Path, help="a folder of normal clips: the scale of surprise")
    parser.add_argument("labelled", type=Path, help="a folder of clips with labels.json")
    parser.add_argument("--clips", metavar="CLIP", nargs="+", help="of the normal footage, rather than all")
    parser.add_argument("--paste", metavar="CLIP", nargs="+", help="normal clips to paste into")
    parser.add_argument("--copies", type=int, default=6, help="of each clip that is pasted into")
    return parser.parse_args()


class Bundle(score_rule.Bundle):
    def queries(self, clip):
        """u8 [n, H, W] to the squared distance of every query to its nearest item, by frame and cell."""
        frames, feed = mnad.to_network(clip), self.encoder.get_inputs()[0].name
        names = [output.name for output in self.encoder.get_outputs()]
        for index in range(self.frames, len(clip)):
            query = dict(zip(names, self.encoder.run(None, {feed: frames[index - self.frames : index][None]})))["query"]
            yield 2 - 2 * (query[0].reshape(query.shape[1], -1).T @ self.items.T).max(1)

    def terms(self, clip):
        """The block term and four ways to make one number of the distances, all smoothed."""
        keep = np.exp(-1000 / self.fps / SMOOTHING_MS)
        errors, gradient = self.errors(clip), score_rule.squared_gradient(clip[self.frames :] / 255)
        plain, offset = score_rule.box(errors**2, BLOCK_PX), score_rule.box(errors, BLOCK_PX)
        ratio = (plain - offset**2) / (score_rule.box(gradient, BLOCK_PX) + FLOOR)
        distance = np.stack(list(self.queries(clip)))
        inplace = np.sort(score_rule.smooth(distance, keep), axis=1)
        return {
            "block": score_rule.smooth(ratio, keep).max((1, 2)),
            "mean distance": score_rule.smooth(distance.mean(1), keep),
            "largest distance": inplace[:, -1],
            "mean of the five largest": inplace[:, -5:].mean(1),
        }


class Surprise:
    """-log10 of the share of normal footage that exceeds a value, with the product's tail."""

    def __init__(self, values):
        self.sorted = np.sort(values)
        self.threshold = np.quantile(values, 0.95)
        excess = self.sorted[self.sorted > self.threshold] - self.threshold
        mean = excess.mean()
        above = (excess * (1 - (np.arange(len(excess)) + 0.65) / len(excess))).mean()
        self.shape = np.clip(2 - mean / (mean - 2 * above), 0, 0.5)
        self.scale = mean * (1 - self.shape)

    def __call__(self, values):
        body = -np.log10(np.maximum(1 - np.searchsorted(self.sorted, values) / len(self.sorted), 0.05))
        excess = np.maximum(values - self.threshold, 0) / self.scale
        decay = excess if self.shape < 1e-9 else np.log1p(self.shape * excess) / self.shape
        return np.minimum(np.where(values >= self.threshold, decay / np.log(10) - np.log10(0.05), body), 12)


def roaming_patch(clip, rng):
    """A copy of the clip with a mirrored, inverted patch of it roaming from its second quarter on; and the labels."""
    space = np.array(clip.shape[1:])
    size = np.maximum(2, np.rint(space * rng.uniform(0.08, 0.15, 2))).astype(int)
    y, x = (int(rng.integers(n)) for n in space - size)
    patch = 255.0 - clip[rng.integers(len(clip)), y : y + size[0], x : x + size[1]][:, ::-1]
    strength, place = rng.uniform(0.25, 1), rng.random(2) * (space - size)
    step = space * np.array([rng.uniform(-0.008, 0.008), rng.uniform(0.015, 0.04) * rng.choice([-1, 1])])
    out, labels, start = clip.astype(np.float32), np.zeros(len(clip), dtype=bool), int(rng.integers(len(clip) // 4, len(clip) // 2))
    for index in range(start, len(clip)):
        y, x = place.astype(int)
        here = out[index, y : y + size[0], x : x + size[1]]
        here += strength * (patch - here)
        labels[index] = True
        place = place + step
        step = np.where((place < 0) | (place > space - size), -step, step)
        place = place.clip(0, space - size)
    return np.rint(out).clip(0, 255).astype(np.uint8), labels


def footages(args, bundle):
    """Clips and labels by the name of a column; the first column is normal."""
    read = lambda folder: footage.read_clip(folder, *bundle.size, 1)[:, 0]
    folders, labels = footage.clip_folders(args.normal), footage.read_labels(args.labelled)
    columns = {"normal": [(read(f), np.zeros(len(list(f.iterdir())), bool)) for f in folders if f.name in (args.clips or [g.name for g in folders])]}
    if args.paste:
        pasted = lambda faster: score_rule.validation(argparse.Namespace(**{**vars(args), "footage": args.normal, "faster": faster}), bundle.size)
        rng, clips = np.random.default_rng(9), [read(f) for f in folders if f.name in args.paste]
        columns |= {"hurrying": pasted([1.3, 2.4]), "walking": pasted([1.0, 1.0])}
        columns["patch"] = [roaming_patch(clip, rng) for _ in range(args.copies) for clip in clips]
    return columns | {"labelled": [(read(f), labels[f.name]) for f in footage.clip_folders(args.labelled)]}


def main():
    args = arguments()
    bundle, terms, labels = Bundle(args.bundle), {}, {}
    for name, clips in footages(args, bundle).items():
        measured = [bundle.terms(clip) for clip, _ in clips]
        terms[name] = {term: np.concatenate([clip[term] for clip in measured]) for term in measured[0]}
        labels[name] = np.concatenate([truth[bundle.frames :] for _, truth in clips])
    normal, columns = terms.pop("normal"), [name for name in labels if name != "normal"]
    surprise = {term: Surprise(values) for term, values in normal.items()}
    print("frame AUC in percent, not normalised\n" + " " * 26 + "".join(f"{name:>10}" for name in columns))
    row = lambda title, score: print(f"{title:<26}" + "".join(f"{100 * mnad.auc(labels[n], score(terms[n])):>10.2f}" for n in columns))
    row("block", lambda t: t["block"])
    for term in list(surprise)[1:]:
        row(term, lambda t: t[term])
        for share in SHARES:
            both = lambda t: (1 - share) * surprise["block"](t["block"]) + share * surprise[term](t[term])
            row(f"  with weight {share:.2f}", both)


if __name__ == "__main__":
    main()
