# SPDX-License-Identifier: MIT OR Apache-2.0
"""Folders of clips, each a folder of JPEG or PNG frames, as u8 arrays."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

import mnad

SUFFIXES = {".jpg", ".jpeg", ".png"}


def clip_folders(directory):
    """The clips of DIR/frames if that exists, else of DIR, in order of name."""
    root = directory / "frames" if (directory / "frames").is_dir() else directory
    folders = sorted(p for p in root.iterdir() if p.is_dir())
    if not folders:
        raise SystemExit(f"{root} holds no clips: a clip is a folder of JPEG or PNG frames")
    return folders


def read_clip(folder, width, height, channels):
    """u8 [n, c, H, W]; c is 1 (luma) or 3 (blue, green, red)."""
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    frames = np.empty((len(files), channels, height, width), dtype=np.uint8)
    for index, path in enumerate(files):
        with Image.open(path) as image:
            planes = [np.asarray(image.convert("L"))]
            if channels == 3:
                planes = list(np.asarray(image.convert("RGB")).transpose(2, 0, 1)[::-1])
        for channel, plane in enumerate(planes):
            frames[index, channel] = mnad.resize_bilinear(plane, width, height)
    return frames


def read_labels(directory):
    """Per clip 0 or 1 for each frame, 1 = abnormal."""
    return {name: np.asarray(row, dtype=bool) for name, row in json.loads((directory / "labels.json").read_text()).items()}


def labelled_root(directory):
    """A Ped2-like DIR/testing, or DIR itself."""
    for root in [Path(directory) / "testing", Path(directory)]:
        if (root / "labels.json").is_file():
            return root
    raise SystemExit(f"neither {directory}/testing/labels.json nor {directory}/labels.json exists")
