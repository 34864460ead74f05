# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes tests/fixtures/pytorch: a checkpoint as torch.save writes it today (a
ZIP archive), with the state-dict names of MNAD's released code, and what torch
answers with it. Width 1 and 16x16 pixels keep it small; the weights are random.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn

import mnad

SEED = 31
CONFIG = mnad.Config(width=1, frames=4, channels=3, height_px=16, width_px=16)
# Names of mnad.py's blocks and of the released code's.
BLOCKS = {
    "encoder.block1": "encoder.moduleConv1",
    "encoder.block2": "encoder.moduleConv2",
    "encoder.block3": "encoder.moduleConv3",
    "encoder.block4": "encoder.moduleConv4",
    "decoder.block4": "decoder.moduleConv",
    "decoder.up4": "decoder.moduleUpsample4",
    "decoder.block3": "decoder.moduleDeconv3",
    "decoder.up3": "decoder.moduleUpsample3",
    "decoder.block2": "decoder.moduleDeconv2",
    "decoder.up2": "decoder.moduleUpsample2",
    "decoder.block1": "decoder.moduleDeconv1",
}


def published(state):
    """The state dict under the released names, with the BatchNorm that its forward pass never uses."""
    renamed = {}
    for name, tensor in state.items():
        block = ".".join(name.split(".")[:2])
        renamed[BLOCKS[block] + name[len(block):]] = tensor
    unused = nn.BatchNorm2d(CONFIG.query_channels)
    for name, tensor in unused.state_dict().items():
        renamed[f"encoder.moduleBatchNorm.{name}"] = tensor
    return renamed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("tests/fixtures/pytorch"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(SEED)
    torch.manual_seed(SEED)
    model = mnad.Mnad(CONFIG)
    for _ in range(3):
        # Running statistics that are not neutral.
        frames = torch.rand(8, 12, 16, 16, generator=generator) * 2 - 1
        items = mnad.initial_items(CONFIG, generator)
        model.train()(frames, items)
    model.eval()
    frames = torch.rand(1, 12, 16, 16, generator=generator) * 2 - 1
    with torch.no_grad():
        prediction, rows, read = model(frames, items)
    torch.save(published(model.state_dict()), out / "model.pth")
    torch.save(items, out / "keys.pt")
    np.savez(
        out / "answer.npz",
        frames=frames[0].numpy(),
        query=rows.T.contiguous().numpy(),
        read=read[0].reshape(read.shape[1], -1).numpy(),
        prediction=prediction[0].numpy(),
    )


if __name__ == "__main__":
    main()
