# SPDX-License-Identifier: MIT OR Apache-2.0
"""Ranks rules for the block term on validation footage: block side, c, smoothing, and where it is done.

Footage is labelled (a scene with anomalies), or normal clips that the network
has not seen, given with --paste: people are cut out of them and put back in
elsewhere, moving faster than anybody walks. Nothing may be chosen by what it
prints about test footage.
"""

import argparse
import itertools
import json
import tomllib
from pathlib import Path

import numpy as np
import onnxruntime
import scipy.ndimage as nd

import footage
import mnad

BLOCKS, FLOORS, SMOOTHING_MS = [9, 12, 16], [np.inf, 0.003, 0.01, 0.03], [0, 150, 300, 600]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, help="an f32 bundle")
    parser.add_argument("footage", type=Path)
    parser.add_argument("--paste", metavar="CLIP", nargs="+", help="normal clips to paste into")
    parser.add_argument("--copies", type=int, default=6, help="of each clip, every one with another pedestrian")
    parser.add_argument("--faster", type=float, nargs=2, default=[1.3, 2.4], help="range of the factor to the walkers' speed")
    parser.add_argument("--light", type=float, default=1.0, help="multiplies the grey levels of the frames, clipped at 255")
    parser.add_argument("--others", action="store_true", help="rank other weights and several block sides at once instead")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


class Bundle:
    def __init__(self, folder):
        manifest = tomllib.loads((folder / "manifest.toml").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.encoder, self.decoder = (
            onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options) for name in ("encoder", "decoder")
        )
        self.items, self.temperature = np.load(folder / "memory.npy"), manifest["memory"]["temperature"]
        self.frames, self.fps = manifest["input"]["frames"], manifest["input"]["fps"]
        self.size = manifest["input"]["width_px"], manifest["input"]["height_px"]

    def errors(self, clip):
        """u8 [n, H, W] to the error maps of its frames from the t-th on, on the 0..1 scale."""
        frames = mnad.to_network(clip)
        outputs = [o.name for o in self.encoder.get_outputs()]
        errors = []
        for index in range(self.frames, len(clip)):
            window = {self.encoder.get_inputs()[0].name: frames[index - self.frames : index][None]}
            answer = dict(zip(outputs, self.encoder.run(None, window)))
            query = answer.pop("query")
            rows = query[0].reshape(query.shape[1], -1).T
            weights = np.exp(rows @ self.items.T / self.temperature)
            read = (weights / weights.sum(1, keepdims=True)) @ self.items
            joined = np.concatenate([query, read.T.reshape(query.shape).astype(np.float32)], axis=1)
            feed = {i.name: answer.get(i.name, joined) for i in self.decoder.get_inputs()}
            prediction = self.decoder.run(None, feed)[0][0, 0]
            errors.append((prediction - frames[index]) / 2)
        return np.stack(errors)


def walkers(clip, scale):
    """Tracks of at least 16 frames: mean velocity, mean row, and per frame the difference to the background."""
    background = np.median(clip, axis=0).astype(np.float32)
    open_tracks, done = [], []
    for frame in clip:
        difference = nd.gaussian_filter(np.abs(frame - background), 1.0)
        labels, _ = nd.label(difference > 12)
        found = []
        for index, box in enumerate(nd.find_objects(labels)):
            inside = labels[box] == index + 1
            height, width = inside.shape
            if 30 <= inside.sum() / scale**2 <= 260 and 8 <= height / scale <= 26 and 4 <= width / scale <= 18:
                found.append((np.array([box[0].start + height / 2, box[1].start + width / 2]), box, inside, frame - background))
        still_open = []
        for track in open_tracks:
            near = [(np.abs(f[0] - track[-1][0]).max(), i) for i, f in enumerate(found)]
            distance, index = min(near, default=(np.inf, -1))
            alike = distance < 3 * scale and abs(found[index][2].sum() / track[-1][2].sum() - 1) < 0.45
            still_open += [track + [found.pop(index)]] if alike else []
            done += [] if alike else [track]
        open_tracks = still_open + [[f] for f in found]
    tracks = [t for t in done + open_tracks if len(t) >= 16]
    velocity = lambda t: (t[-1][0] - t[0][0]) / (len(t) - 1)
    return [(velocity(t), np.mean([f[0][0] for f in t]), t) for t in tracks if abs(velocity(t)[1]) >= 0.3 * scale]


def paste(clip, track, rng, faster, scale):
    """A copy of the clip through which one of its walkers hurries, from its second quarter on; and the labels."""
    velocity, row, frames = track
    clip, height, width = clip.astype(np.float32), *clip.shape[1:]
    background, labels = np.median(clip, axis=0), np.zeros(len(clip), dtype=bool)
    factor, mirrored = rng.uniform(*faster), rng.random() < 0.5
    step = velocity * factor
    step *= max(1.0, 0.8 * scale / abs(step[1])) * np.array([1, -1 if mirrored else 1])
    place = np.array([row + rng.uniform(-8, 8) * scale, -2.0 if step[1] > 0 else width + 2.0])
    start = int(rng.integers(len(clip) // 4, len(clip) // 2))
    for index in range(start, len(clip)):
        beat = int((index - start) * factor) % (2 * len(frames) - 2)
        _, box, inside, difference = frames[min(beat, 2 * len(frames) - 2 - beat)]
        matte = nd.gaussian_filter(nd.binary_dilation(np.pad(inside, 2)).astype(np.float32), 0.6)
        cut = np.pad(difference, 2, mode="edge")[box[0].start : box[0].stop + 4, box[1].start : box[1].stop + 4]
        if mirrored:
            matte, cut = matte[:, ::-1], cut[:, ::-1]
        corner = place - np.array(matte.shape) / 2
        whole = np.floor(corner).astype(int)
        shift = lambda image: nd.shift(image, corner - whole, order=1, mode="nearest")
        matte, cut = shift(matte), shift(cut)
        low, high = np.maximum(whole, 0), np.minimum(whole + matte.shape, [height, width])
        if (high > low).all():
            here, there = tuple(map(slice, low, high)), tuple(map(slice, low - whole, high - whole))
            shown = np.maximum(background[here] + cut[there], 35)
            clip[index][here] += matte[there] * (shown - clip[index][here])
            labels[index] = (matte[there] > 0.5).sum() >= 15 * scale**2
        place = place + step
    return np.rint(clip).clip(0, 255).astype(np.uint8), labels


def validation(args, size):
    scale = size[0] / 128
    read = lambda folder: footage.read_clip(folder, *size, 1)[:, 0]
    if not args.paste:
        labels = footage.read_labels(args.footage)
        return [(read(folder), labels[folder.name]) for folder in footage.clip_folders(args.footage)]
    clips = [read(f) for f in footage.clip_folders(args.footage) if f.name in args.paste]
    tracks = [track for clip in clips for track in walkers(clip, scale)]
    rng = np.random.default_rng(5)
    choice = lambda: tracks[rng.integers(len(tracks))]
    return [paste(clip, choice(), rng, args.faster, scale) for _ in range(args.copies) for clip in clips]


def box(maps, side):
    sums = np.pad(maps.astype(np.float64), ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
    return (sums[:, side:, side:] - sums[:, :-side, side:] - sums[:, side:, :-side] + sums[:, :-side, :-side]) / side**2


def squared_gradient(frames):
    out = np.zeros(frames.shape)
    out[:, :, 1:-1] += ((frames[:, :, 2:] - frames[:, :, :-2]) / 2) ** 2
    out[:, 1:-1] += ((frames[:, 2:] - frames[:, :-2]) / 2) ** 2
    return out


def others(errors, clip, first):
    """Block terms by other weights than the texture's, c = 0.01, 16 px; and several sides at once."""
    frames = clip / 255
    texture, moved = squared_gradient(frames[first:]), (frames[first:] - frames[first - 1 : -1]) ** 2
    spread = lambda side: box(errors**2, side) - box(errors, side) ** 2
    by = lambda weight, side: spread(side) / (box(weight, side) + 0.01)
    yield "texture", [by(texture, 16)]
    yield "motion", [by(moved, 16)]
    yield "texture and motion", [by(texture + moved, 16)]
    yield "texture, 8, 16 and 32 px", [by(texture, side) for side in (8, 16, 32)]
    yield "texture, 8 and 16 px", [by(texture, side) for side in (8, 16)]
    yield "texture, 16 and 32 px", [by(texture, side) for side in (16, 32)]


def rank_others(args, bundle):
    """The largest block of each side, smoothed in place; of several sides the mean logarithm."""
    columns, labels = {}, []
    for clip, truth in validation(args, bundle.size):
        errors = bundle.errors(clip)
        labels.append(truth[bundle.frames :])
        for name, maps in others(errors, clip, bundle.frames):
            for ms in (150, 300):
                largest = [smooth(m, np.exp(-1000 / bundle.fps / ms)).max((1, 2)) for m in maps]
                columns.setdefault((name, ms), []).append(np.mean(np.log(largest), axis=0))
    truth = np.concatenate(labels)
    for (name, ms), values in columns.items():
        print(f"{name:26} {ms:>4} ms {100 * mnad.auc(truth, np.concatenate(values)):>8.2f}")


def smooth(values, keep):
    out = (1 - keep) * values
    for index in range(1, len(out)):
        out[index] += keep * out[index - 1]
    return out


def main():
    args = arguments()
    bundle = Bundle(args.bundle)
    if args.others:
        return rank_others(args, bundle)
    columns, labels = {}, []
    for clip, truth in validation(args, bundle.size):
        clip = np.rint(clip * args.light).clip(0, 255).astype(np.uint8)
        errors = bundle.errors(clip)
        gradient = squared_gradient(clip[bundle.frames :] / 255)
        labels.append(truth[bundle.frames :])
        for side, floor in itertools.product(BLOCKS, FLOORS):
            plain = box(errors**2, side)
            ratio = plain if np.isinf(floor) else (plain - box(errors, side) ** 2) / (box(gradient, side) + floor)
            for ms in SMOOTHING_MS:
                keep = np.exp(-1000 / bundle.fps / ms) if ms else 0.0
                columns.setdefault((side, floor, ms, "maximum"), []).append(smooth(ratio.max((1, 2)), keep))
                columns.setdefault((side, floor, ms, "in place"), []).append(smooth(ratio, keep).max((1, 2)))
    truth = np.concatenate(labels)
    figures = {key: 100 * mnad.auc(truth, np.concatenate(values)) for key, values in columns.items()}
    print(f"{len(truth)} frames, {truth.sum()} of them abnormal; AUC in percent, not normalised")
    print(f"{'block':>5} {'c':>6} {'smoothed':>9}" + "".join(f"{ms:>9} ms" for ms in SMOOTHING_MS))
    for side, floor, where in itertools.product(BLOCKS, FLOORS, ["maximum", "in place"]):
        row = "".join(f"{figures[side, floor, ms, where]:>12.2f}" for ms in SMOOTHING_MS)
        print(f"{side:>5} {floor:>6} {where:>9}{row}")
    if args.json:
        rows = [dict(zip(["block_px", "floor", "smoothing_ms", "where", "auc"], [*key, value])) for key, value in figures.items()]
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
