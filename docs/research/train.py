# SPDX-License-Identifier: MIT OR Apache-2.0
"""Trains MNAD from a folder of clips of normal footage. Resumes from RUN/last.pt if that exists."""

import argparse
import contextlib
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import footage
import mnad


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    parser.add_argument("--width-px", type=int, default=128)
    parser.add_argument("--height-px", type=int, default=128)
    parser.add_argument("--channels", choices=["luma", "bgr"], default="luma")
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--base", type=int, default=16, help="width of the first block; queries have 8 times as many")
    parser.add_argument("--items", type=int, default=10)
    parser.add_argument("--upsampling", choices=["nearest", "transposed"], default="nearest")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--samples-per-epoch", type=int, default=0, help="0 = every sample")
    parser.add_argument("--lr", type=float, default=2e-4)
    parser.add_argument("--compact", type=float, default=0.1)
    parser.add_argument("--separate", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bf16", action="store_true", help="convolutions in bfloat16")
    parser.add_argument("--minutes", type=float, default=0, help="stop before an epoch that would pass this; 0 = never")
    return parser.parse_args()


class Samples:
    """Windows of t + 1 consecutive frames over several clips, gathered from memory."""

    def __init__(self, clips, span):
        self.clips, self.span = clips, span
        self.windows = [(c, f) for c, clip in enumerate(clips) for f in range(len(clip) - span + 1)]

    def __len__(self):
        return len(self.windows)

    def batch(self, indices):
        picked = [self.windows[i] for i in indices]
        stack = np.stack([self.clips[c][f : f + self.span].reshape(-1, *self.clips[c].shape[2:]) for c, f in picked])
        return torch.from_numpy(mnad.to_network(stack)).contiguous(memory_format=torch.channels_last)


def save_atomically(state, path):
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def precision(args):
    return torch.autocast("cpu", dtype=torch.bfloat16) if args.bf16 else contextlib.nullcontext()


def train_epoch(model, items, optimiser, samples, args, epoch):
    model.train()
    order = np.random.default_rng([args.seed, epoch]).permutation(len(samples))
    if args.samples_per_epoch:
        order = order[: args.samples_per_epoch]
    steps = len(order) // args.batch
    known = args.frames * model.config.channels
    sums = np.zeros(3)
    for step in range(steps):
        progress = (epoch + step / steps) / args.epochs
        for group in optimiser.param_groups:
            group["lr"] = args.lr * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
        batch = samples.batch(order[step * args.batch : (step + 1) * args.batch])
        with precision(args):
            out, rows, _ = model(batch[:, :known], items)
        pixel = F.mse_loss(out, batch[:, known:])
        compact, separate = mnad.compactness(rows, items), mnad.separateness(rows, items)
        loss = pixel + args.compact * compact + args.separate * separate
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        items = mnad.update_items(rows.detach(), items)
        sums += [pixel.item(), compact.item(), separate.item()]
        if not math.isfinite(loss.item()):
            raise SystemExit(f"epoch {epoch} step {step}: the loss is {loss.item()}")
    return items, sums / max(steps, 1)


@torch.no_grad()
def settle_items(model, items, samples, args, frames=96, rounds=3):
    """The training's update rule with one large batch in evaluation mode, a few times over."""
    model.eval()
    known = args.frames * model.config.channels
    picks = np.random.default_rng(args.seed).choice(len(samples), min(frames, len(samples)), replace=False)
    parts = [mnad.to_rows(model.encoder(samples.batch(picks[i : i + 8])[:, :known])[0]) for i in range(0, len(picks), 8)]
    rows = torch.cat(parts)
    for _ in range(rounds):
        items = mnad.update_items(rows, items)
    return items, torch.bincount(mnad.two_nearest(rows, items)[0], minlength=len(items)).tolist()


@torch.no_grad()
def validate(model, items, samples, args, stride=5):
    model.eval()
    known = args.frames * model.config.channels
    picks = np.arange(0, len(samples), stride)
    pixel, copy, distance = [], [], []
    for start in range(0, len(picks), 8):
        batch = samples.batch(picks[start : start + 8])
        out, rows, _ = model(batch[:, :known], items)
        pixel.append(F.mse_loss(out, batch[:, known:]).item())
        copy.append(F.mse_loss(batch[:, known - model.config.channels : known], batch[:, known:]).item())
        distance.append(mnad.compactness(rows, items).item())
    return {"pixel": float(np.mean(pixel)), "last_frame_pixel": float(np.mean(copy)), "compact": float(np.mean(distance))}


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    config = mnad.Config(
        width=args.base, frames=args.frames, channels=3 if args.channels == "bgr" else 1,
        height_px=args.height_px, width_px=args.width_px, items=args.items, upsampling=args.upsampling,
    )
    started = time.monotonic()
    folders = footage.clip_folders(args.footage)
    clips = [footage.read_clip(f, args.width_px, args.height_px, config.channels) for f in folders]
    held = max(1, round(0.15 * len(clips)))
    if len(clips) <= held:
        raise SystemExit("at least two clips are needed: the last 15 % are held out")
    span = args.frames + 1
    samples, held_out = Samples(clips[:-held], span), Samples(clips[-held:], span)
    held_names = [f.name for f in folders[-held:]]
    print(
        f"{len(clips)} clips, {sum(map(len, clips))} frames read in {time.monotonic() - started:.1f} s;"
        f" {len(samples)} samples, held out: {', '.join(held_names)}", flush=True,
    )

    model = mnad.Mnad(config).to(memory_format=torch.channels_last)
    items = mnad.initial_items(config)
    optimiser = torch.optim.Adam(model.parameters(), lr=args.lr)
    first, best = 0, float("inf")
    last = args.out / "last.pt"
    if last.exists():
        state = torch.load(last, map_location="cpu", weights_only=False)
        if state["config"] != config.to_dict():
            raise SystemExit(f"{last} is of another network: {state['config']}")
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        items, first, best = state["items"], state["epoch"], state["best"]
        torch.set_rng_state(state["rng"])
        print(f"resumed after epoch {first}", flush=True)

    slowest = 0.0
    for epoch in range(first, args.epochs):
        if args.minutes and time.monotonic() - started + slowest > 60 * args.minutes:
            print(f"stopped before epoch {epoch + 1}: it would pass {args.minutes} minutes", flush=True)
            break
        begun = time.monotonic()
        items, losses = train_epoch(model, items, optimiser, samples, args, epoch)
        seconds = time.monotonic() - begun
        settled, used = settle_items(model, items, samples, args)
        answer = validate(model, settled, held_out, args)
        slowest = max(slowest, time.monotonic() - begun)
        state = {
            "config": config.to_dict(), "model": model.state_dict(), "items": settled, "epoch": epoch + 1,
            "training": {k: str(v) for k, v in vars(args).items()}, "held_out": held_names, "validation": answer,
        }
        if answer["pixel"] < best:
            best = answer["pixel"]
            save_atomically(state, args.out / "best.pt")
        resumable = {**state, "items": items, "optimiser": optimiser.state_dict(), "rng": torch.get_rng_state(), "best": best}
        save_atomically(resumable, last)
        record = {
            "epoch": epoch + 1, "seconds": round(seconds, 1), "pixel": losses[0], "compact": losses[1],
            "separate": losses[2], "held_out": answer, "queries_per_item": used,
        }
        with open(args.out / "log.jsonl", "a") as log:
            log.write(json.dumps(record) + "\n")
        print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
