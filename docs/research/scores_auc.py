#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Frame AUC of the columns of scores.csv, over some clips only.

`normwatch replay --update …` carries a memory from clip to clip; what that did to
the later ones is in theirs.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np

import mnad

COLUMNS = ["score", "surprise_block", "surprise_memory", "distance"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", type=Path, help="labels.json")
    parser.add_argument("scores", type=Path, nargs="+", help="scores.csv of replays")
    parser.add_argument("--clips", metavar="CLIP", nargs="+", help="rather than all")
    return parser.parse_args()


def main():
    given = arguments()
    truth = json.loads(given.labels.read_text(encoding="utf-8"))
    chosen = set(given.clips or truth)
    for path in given.scores:
        with open(path, encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["clip"] in chosen]
        labels = np.array([truth[row["clip"]][int(row["frame"])] for row in rows])
        figures = (f"{name} {100 * mnad.auc(labels, np.array([float(row[name]) for row in rows])):.2f}" for name in COLUMNS)
        print(f"{path}: {len(rows)} frames,", ", ".join(figures))


if __name__ == "__main__":
    main()
