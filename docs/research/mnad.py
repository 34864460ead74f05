# SPDX-License-Identifier: MIT OR Apache-2.0
"""MNAD (Park, Noh, Ham, CVPR 2020) in PyTorch: network, memory, losses, scores.

Written from docs of the method, not from the authors' source. Everything the
Rust runtime computes has a counterpart here, and fixtures.py stores what the
counterpart answers.
"""

from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Config:
    width: int = 64
    frames: int = 4
    channels: int = 3
    height_px: int = 256
    width_px: int = 256
    items: int = 10
    upsampling: str = "transposed"
    temperature: float = 1.0
    skips: bool = True

    @property
    def query_channels(self):
        return 8 * self.width

    def to_dict(self):
        return asdict(self)


def conv_bn_relu(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]


def double_conv(inputs, outputs):
    return nn.Sequential(*conv_bn_relu(inputs, outputs), *conv_bn_relu(outputs, outputs))


def upsample(inputs, outputs, kind):
    if kind == "transposed":
        grow = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
        return nn.Sequential(grow, nn.BatchNorm2d(outputs), nn.ReLU())
    if kind == "nearest":
        return nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), *conv_bn_relu(inputs, outputs))
    raise ValueError(f"upsampling is 'transposed' or 'nearest', not {kind!r}")


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        w = config.width
        self.block1 = double_conv(config.frames * config.channels, w)
        self.block2 = double_conv(w, 2 * w)
        self.block3 = double_conv(2 * w, 4 * w)
        self.block4 = nn.Sequential(*conv_bn_relu(4 * w, 8 * w), nn.Conv2d(8 * w, 8 * w, 3, padding=1))

    def forward(self, x):
        skip1 = self.block1(x)
        skip2 = self.block2(F.max_pool2d(skip1, 2))
        skip3 = self.block3(F.max_pool2d(skip2, 2))
        query = F.normalize(self.block4(F.max_pool2d(skip3, 2)).float(), dim=1, eps=1e-12)
        return query, skip1, skip2, skip3


class Decoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        w, self.skips = config.width, config.skips
        # Without skips, the reconstruction network keeps its channels while it grows.
        grown = lambda inputs: inputs // 2 if config.skips else inputs
        self.block4 = double_conv(16 * w, 8 * w)
        self.up4 = upsample(8 * w, grown(8 * w), config.upsampling)
        self.block3 = double_conv(8 * w, 4 * w)
        self.up3 = upsample(4 * w, grown(4 * w), config.upsampling)
        self.block2 = double_conv(4 * w, 2 * w)
        self.up2 = upsample(2 * w, grown(2 * w), config.upsampling)
        self.block1 = nn.Sequential(
            *conv_bn_relu(2 * w, w), *conv_bn_relu(w, w), nn.Conv2d(w, config.channels, 3, padding=1)
        )

    def forward(self, query_read, skip1, skip2, skip3):
        join = lambda skip, x: torch.cat([skip, x], dim=1) if self.skips else x
        x = self.up4(self.block4(query_read))
        x = self.up3(self.block3(join(skip3, x)))
        x = self.up2(self.block2(join(skip2, x)))
        return torch.tanh(self.block1(join(skip1, x)).float())


class Mnad(nn.Module):
    """Encoder and decoder. The memory items live outside: no gradient reaches them."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def forward(self, x, items):
        """Prediction, queries as N x C rows (batch, then row-major grid), read as B x C x h x w."""
        query, *skips = self.encoder(x)
        rows = to_rows(query)
        read = from_rows(read_memory(rows.detach(), items, self.config.temperature)[1], query.shape)
        return self.decoder(torch.cat([query, read], dim=1), *skips), rows, read


def to_rows(grid):
    return grid.permute(0, 2, 3, 1).reshape(-1, grid.shape[1])


def from_rows(rows, shape):
    b, c, h, w = shape
    return rows.reshape(b, h, w, c).permute(0, 3, 1, 2)


def initial_items(config, generator=None):
    """Uniform in [0, 1), then unit rows: all items start in the positive orthant."""
    return F.normalize(torch.rand(config.items, config.query_channels, generator=generator), dim=1)


def similarity(rows, items):
    return rows @ items.T


def read_memory(rows, items, temperature=1.0):
    """Softmax over items of cosine / temperature, and the mixture of items that it weighs."""
    weights = torch.softmax(similarity(rows, items) / temperature, dim=1)
    return weights, weights @ items


def two_nearest(rows, items):
    """Most and second most similar item of each query. Ties go to the lower index."""
    score = similarity(rows, items)
    first = score.argmax(dim=1)
    second = score.scatter(1, first[:, None], float("-inf")).argmax(dim=1)
    return first, second


def update_items(rows, items, normaliser="released", temperature=1.0):
    """All items move at once, each towards the queries that rank it first.

    A query's weight on an item is its softmax over all queries divided by a
    maximum: over all queries in the released code, over the item's own queries
    in the paper's equation 5. An item that no query ranks first stays as it is.
    """
    score = similarity(rows, items) / temperature
    softmax = torch.softmax(score, dim=0)
    first = two_nearest(rows, items)[0]
    assigned = F.one_hot(first, items.shape[0]).bool()
    if normaliser == "released":
        peak = softmax.amax(dim=0)
    elif normaliser == "paper":
        peak = torch.where(assigned, softmax, torch.zeros_like(softmax)).amax(dim=0)
        peak = torch.where(peak > 0, peak, torch.ones_like(peak))
    else:
        raise ValueError(f"normaliser is 'released' or 'paper', not {normaliser!r}")
    weights = torch.where(assigned, softmax / peak, torch.zeros_like(softmax))
    moved = F.normalize(items + weights.T @ rows, dim=1)
    return torch.where(assigned.any(dim=0)[:, None], moved, items).detach()


def compactness(rows, items):
    """Mean over all elements of the squared difference to the nearest item."""
    return F.mse_loss(rows, items[two_nearest(rows, items)[0]].detach())


def separateness(rows, items):
    first, second = two_nearest(rows, items)
    return F.triplet_margin_loss(rows, items[first].detach(), items[second].detach(), margin=1.0, p=2)


def nearest_distance(rows, items):
    """Squared distance of each query to its nearest item, summed over channels."""
    return ((rows - items[two_nearest(rows, items)[0]]) ** 2).sum(dim=1)


def squared_error(prediction, target):
    """Per element, on the [0, 1] scale. Arguments are on the network's [-1, 1] scale."""
    difference = (prediction.astype(np.float64) - target.astype(np.float64)) / 2.0
    return difference * difference


def psnr(mse):
    return 10.0 * np.log10(1.0 / np.maximum(mse, 1e-10))


def weighted_error(prediction, target):
    """The gate's E_t: squared errors averaged under the weight 1 - exp(-error). 0 when all errors are 0."""
    error = squared_error(prediction, target)
    weight = 1.0 - np.exp(-error)
    total = weight.sum()
    return float((weight * error).sum() / total) if total > 0 else 0.0


def min_max(values):
    """Onto [0, 1] over the clip's own range. A constant clip becomes 0."""
    values = np.asarray(values, dtype=np.float64)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def clip_scores(psnrs, distances, lam=0.6):
    """The paper's anomaly score of one clip's frames, 1 = abnormal. Uses the clip's own future."""
    return lam * (1.0 - min_max(psnrs)) + (1.0 - lam) * min_max(distances)


def auc(labels, scores):
    """Area under the ROC curve: chance that an abnormal frame outranks a normal one, ties count half."""
    labels = np.asarray(labels, dtype=bool)
    scores = np.asarray(scores, dtype=np.float64)
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2.0
    rank_sum = mean_rank[inverse][labels].sum()
    return float((rank_sum - positives * (positives + 1) / 2.0) / (positives * negatives))


def to_network(pixels):
    """u8 pixels to the network's [-1, 1], in float32."""
    return pixels.astype(np.float32) / np.float32(127.5) - np.float32(1.0)


@torch.no_grad()
def evaluate_clip(model, items, clip, update=None, gate_threshold=0.01):
    """Score the frames of one clip, u8 [n, c, H, W]; returns per-frame columns and the items afterwards.

    `update` is None for a frozen memory, or a normaliser. A frame is scored
    with the memory as earlier frames left it; then, if its weighted error is
    below the threshold, its queries update the memory.
    """
    t = model.config.frames
    columns = {"psnr": [], "distance": [], "weighted_error": [], "gate": []}
    model.eval()
    for index in range(t, len(clip)):
        window = to_network(clip[index - t : index]).reshape(1, -1, *clip.shape[2:])
        target = to_network(clip[index])
        prediction, rows, _ = model(torch.from_numpy(window), items)
        prediction = prediction[0].numpy()
        e = weighted_error(prediction, target)
        columns["psnr"].append(float(psnr(squared_error(prediction, target).mean())))
        columns["distance"].append(float(compactness(rows, items)))
        columns["weighted_error"].append(e)
        columns["gate"].append(e < gate_threshold)
        if update is not None and e < gate_threshold:
            items = update_items(rows, items, update, model.config.temperature)
    return {name: np.asarray(column) for name, column in columns.items()}, items


def resize_bilinear(image, width, height):
    """Half-pixel bilinear without antialiasing, u8 [h, w] to u8: OpenCV's INTER_LINEAR to the bit.

    Weights are 11-bit integers; the vertical pass drops 4 bits, then 16, then
    rounds the last 2. Against the exact value it errs on the low side.
    """

    def axis(source, target):
        position = ((np.arange(target) + 0.5) * (source / target) - 0.5).astype(np.float32)
        low = np.floor(position).astype(np.int64)
        return low, position - low.astype(np.float32)

    def fixed(fraction):
        scaled = [np.rint((np.float32(1) - fraction) * np.float32(2048)), np.rint(fraction * np.float32(2048))]
        return [weight.astype(np.int64) for weight in scaled]

    x, fx = axis(image.shape[1], width)
    outside = (x < 0) | (x >= image.shape[1] - 1)
    left, right = fixed(np.where(outside, np.float32(0), fx))
    x = x.clip(0, image.shape[1] - 1)
    pixels = image.astype(np.int64)
    rows = (pixels[:, x] * left + pixels[:, np.minimum(x + 1, image.shape[1] - 1)] * right) >> 4
    y, fy = axis(image.shape[0], height)
    upper, lower = [weight[:, None] for weight in fixed(fy)]
    limit = image.shape[0] - 1
    total = ((rows[y.clip(0, limit)] * upper) >> 16) + ((rows[(y + 1).clip(0, limit)] * lower) >> 16)
    return ((total + 2) >> 2).clip(0, 255).astype(np.uint8)


def resize_bilinear_float(image, width, height):
    """What resize_bilinear approximates, unrounded."""

    def axis(source, target):
        position = (np.arange(target, dtype=np.float64) + 0.5) * source / target - 0.5
        position = position.clip(0, source - 1)
        low = np.floor(position).astype(np.int64)
        return low, np.minimum(low + 1, source - 1), position - low

    x0, x1, fx = axis(image.shape[1], width)
    y0, y1, fy = axis(image.shape[0], height)
    pixels = image.astype(np.float64)
    rows = pixels[:, x0] * (1 - fx) + pixels[:, x1] * fx
    return rows[y0] * (1 - fy)[:, None] + rows[y1] * fy[:, None]


def resize_area(image, width, height):
    """Mean of the source pixels under each target pixel, weighted by overlap; u8, rounded half up."""
    return np.floor(resize_area_float(image, width, height) + 0.5).clip(0, 255).astype(np.uint8)


def resize_area_float(image, width, height):
    def overlap(source, target):
        edges = np.arange(target + 1, dtype=np.float64) * source / target
        cells = np.arange(source, dtype=np.float64)
        covered = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
        return covered.clip(0) * target / source

    return overlap(image.shape[0], height) @ image.astype(np.float64) @ overlap(image.shape[1], width).T


def block_mean_max(error, side):
    """Worst block: the largest mean of the error map [H, W] under a side x side box that lies inside it."""
    return float(block_means(error, side).max())


def block_means(error, side):
    sums = np.zeros((error.shape[0] + 1, error.shape[1] + 1))
    sums[1:, 1:] = error.cumsum(axis=0).cumsum(axis=1)
    return (sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]) / (side * side)
