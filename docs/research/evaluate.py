# SPDX-License-Identifier: MIT OR Apache-2.0
"""AUC of a checkpoint on labelled clips, beside the floor "next frame = last frame".

Two protocols. The paper's min-max normalises each clip over its own frames,
future included. The deployable one compares raw scores of all clips.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

import export_bundle
import footage
import mnad

BLOCKS = [4, 8, 12, 16, 24]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("footage", type=Path, help="labelled folder; with --paste, any folder of normal clips")
    parser.add_argument("--update", choices=["released", "paper"], help="gated memory update; default: frozen")
    parser.add_argument("--gate-threshold", type=float, default=0.01)
    parser.add_argument("--lam", type=float, default=0.6)
    parser.add_argument("--paste", type=int, metavar="COPIES", help="paste moving patches into copies of the held-out clips")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--columns", type=Path, help="also write per-frame scores here, as npz")
    return parser.parse_args()


def paste_anomalies(clip, rng):
    """A foreign patch roams through the second half of the clip; returns the clip and its labels.

    The patch is cut from another time and place of the same clip, mirrored and
    inverted: the camera's own grain, but a shape that it never saw.
    """
    clip, labels = clip.copy(), np.zeros(len(clip), dtype=bool)
    size = np.array(clip.shape[2:])
    side = rng.integers(10, 19, 2)
    top, left = [int(v) for v in rng.integers(0, size - side)]
    cut = clip[rng.integers(0, len(clip)), :, top : top + side[0], left : left + side[1]]
    patch = 255 - cut[..., ::-1]
    place, step = rng.uniform(0, size - side), np.array([rng.uniform(-1, 1), rng.uniform(2, 5) * rng.choice([-1, 1])])
    for index in range(len(clip) // 2, len(clip)):
        row, column = place.astype(int)
        clip[index, :, row : row + side[0], column : column + side[1]] = patch
        labels[index] = True
        place = place + step
        step = np.where((place < 0) | (place > size - side), -step, step)
        place = place.clip(0, size - side)
    return clip, labels


def scores_of(prediction, target):
    error = mnad.squared_error(prediction, target)
    pixel_map = error.mean(axis=0)
    scores = {"mse": error.mean(), "weighted_error": mnad.weighted_error(prediction, target)}
    scores.update({f"block{side}": mnad.block_mean_max(pixel_map, side) for side in BLOCKS})
    return scores


@torch.no_grad()
def run_clip(model, items, clip, args):
    """Per-frame scores, larger = stranger, of the model and of the floor; and the items afterwards."""
    t = model.config.frames
    ours, floor = [], []
    for index in range(t, len(clip)):
        window = mnad.to_network(clip[index - t : index])
        target = mnad.to_network(clip[index])
        x = torch.from_numpy(window.reshape(1, -1, *clip.shape[2:]))
        prediction, rows, _ = model(x, items)
        scores = scores_of(prediction[0].numpy(), target)
        distance = mnad.nearest_distance(rows, items)
        scores["distance_mean"] = float(distance.mean()) / rows.shape[1]
        scores["distance_max"] = float(distance.max()) / rows.shape[1]
        ours.append(scores)
        floor.append(scores_of(window[-1], target))
        if args.update and scores["weighted_error"] < args.gate_threshold:
            items = mnad.update_items(rows, items, args.update, model.config.temperature)
    column = lambda rows: {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return column(ours), column(floor), items


def summary(labels, clips, lam):
    """AUC in percent of every score, raw and min-max normalised per clip."""
    flat = np.concatenate(labels)
    percent = lambda parts: round(100 * mnad.auc(flat, np.concatenate(parts)), 2)
    raw = {name: percent([c[name] for c in clips]) for name in clips[0]}
    normalised = {name: percent([mnad.min_max(c[name]) for c in clips]) for name in clips[0]}
    psnr = [mnad.psnr(c["mse"]) for c in clips]
    normalised["psnr"] = percent([1 - mnad.min_max(p) for p in psnr])
    if "distance_mean" in clips[0]:
        pairs = zip(psnr, clips)
        normalised["paper"] = percent([mnad.clip_scores(p, c["distance_mean"], lam) for p, c in pairs])
    return {"raw": raw, "per_clip_min_max": normalised}


def spread(labels, clips, name):
    """Quantiles of one raw score over normal and over abnormal frames."""
    flat, values = np.concatenate(labels), np.concatenate([c[name] for c in clips])
    quantiles = [0.05, 0.5, 0.95, 0.99, 1.0]
    pick = lambda part: [float(f"{v:.4g}") for v in np.quantile(part, quantiles)] if len(part) else []
    return {"normal": pick(values[~flat]), "abnormal": pick(values[flat])}


def load_clips(args, config, state):
    size = (config.width_px, config.height_px, config.channels)
    if args.paste is not None:
        rng = np.random.default_rng(0)
        held_out = [f for f in footage.clip_folders(args.footage) if f.name in state["held_out"]]
        sources = {f.name: footage.read_clip(f, *size) for f in held_out}
        names = [f"{name}-{copy}" for copy in range(args.paste) for name in sources]
        pairs = [paste_anomalies(sources[name.rsplit("-", 1)[0]], rng) for name in names]
        return names, [clip for clip, _ in pairs], [labels for _, labels in pairs]
    root = footage.labelled_root(args.footage)
    folders, labels = footage.clip_folders(root), footage.read_labels(root)
    clips = [footage.read_clip(f, *size) for f in folders]
    for folder, clip in zip(folders, clips):
        if len(labels[folder.name]) != len(clip):
            raise SystemExit(f"{folder}: {len(clip)} frames but {len(labels[folder.name])} labels")
    return [f.name for f in folders], clips, [labels[f.name] for f in folders]


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    model, items, state = export_bundle.load_checkpoint(args.checkpoint)
    names, clips, labels = load_clips(args, model.config, state)
    t, started = model.config.frames, time.monotonic()
    ours, floors = [], []
    for clip in clips:
        columns, floor, items = run_clip(model, items, clip, args)
        ours.append(columns)
        floors.append(floor)
    labels = [row[t:] for row in labels]
    figures = {
        "frames": int(sum(map(len, labels))), "abnormal": int(sum(row.sum() for row in labels)), "epoch": state["epoch"],
        "update": args.update or "frozen", "auc_model": summary(labels, ours, args.lam), "auc_floor": summary(labels, floors, args.lam),
        "quantiles_5_50_95_99_100": {n: spread(labels, ours, n) for n in ["mse", "block8", "block12", "block16", "distance_mean", "distance_max"]},
        "seconds": round(time.monotonic() - started, 1),
    }
    print(json.dumps(figures, indent=1))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")
    if args.columns:
        arrays = {f"{clip}_{name}": values for clip, columns in zip(names, ours) for name, values in columns.items()}
        arrays.update({f"{clip}_floor_{name}": values for clip, columns in zip(names, floors) for name, values in columns.items()})
        arrays.update({f"{clip}_labels": row for clip, row in zip(names, labels)})
        np.savez(args.columns, **arrays)


if __name__ == "__main__":
    main()
