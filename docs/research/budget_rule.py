#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Says how well rules for the enter level keep a budget of false alarms.

Takes the scores.csv of a replay of much normal footage, calibrates on a few clips
drawn at random, counts the alarms in all the others, and repeats. A rule is what
counts as a peak (any score, or one from which the alarm would be raised) and what
tail the peaks are given (generalised Pareto by probability-weighted moments with
a shape of 0 to 0.5, or exponential). With --drift there is another: scores are
summed over time less the drift (Page, "Continuous Inspection Schemes", 1954), the
sum raises the alarm, and its excursions are the peaks.
"""

import argparse
import collections
import csv
from pathlib import Path

import numpy as np

THRESHOLDS, ENOUGH, GAP_MS = (0.98, 0.95, 0.9, 0.8, 0.7, 0.5), 20, 5000
HOLD_MS, COOLDOWN_MS, HIGHEST = 1000, 1000, 9.0
LONGEST_STEP_MS = 500
DAY_MS = 86_400_000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scores", type=Path, help="scores.csv of `normwatch replay` on normal footage")
    parser.add_argument("--clips", type=int, default=2, help="clips to calibrate on")
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--budgets", type=float, nargs="+", default=[12, 24, 60, 240], help="alarms a day")
    parser.add_argument("--min-duration-ms", type=int, default=300)
    parser.add_argument("--drift", type=float, metavar="P", help="also sum what exceeds this quantile of normal scores, 0 to 1")
    return parser.parse_args()


def read(path):
    """Clip to times in ms and block ratios."""
    clips = collections.defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            clips[row["clip"]].append((int(row["time_ms"]), float(row["block_ratio"])))
    return [np.array(clip).T for clip in clips.values()]


def pareto(excesses):
    """Shape and scale, as in src/calibrate/fit.rs."""
    ascending, n = np.sort(excesses), len(excesses)
    a0 = ascending.mean()
    a1 = ((n - np.arange(1, n + 1)) / max(n - 1, 1) * ascending).mean()
    shape = 2 - a0 / (a0 - 2 * a1) if a0 > 2 * a1 else 0.0
    clamped = min(max(shape, 0.0), 0.5)
    return clamped, 2 * a0 * a1 / (a0 - 2 * a1) if clamped == shape and a0 > 2 * a1 else a0 * (1 - clamped)


def exponential(excesses):
    return 0.0, excesses.mean()


def surprise(normal):
    """The function from a ratio to −log10 of how often `normal` exceeds it."""
    ascending = np.sort(normal)
    threshold = np.quantile(ascending, 0.95)
    shape, scale = pareto(ascending[ascending > threshold] - threshold)

    def of(values):
        excess = np.maximum(values - threshold, 0) / scale
        decay = np.log1p(shape * excess) / shape if shape > 1e-9 else excess
        body = np.maximum(1 - np.searchsorted(ascending, values) / len(ascending), 0.05)
        return np.clip(np.where(values < threshold, -np.log10(body), decay / np.log(10) - np.log10(0.05)), 0, 12)

    return of


def lasting(times, scores, usual, duration_ms):
    """The scores, less those that fall below their exit level too soon for an alarm."""
    kept = np.full(len(scores), -1.0)
    for start, score in enumerate(scores):
        below = scores[start:] < min(usual, 0.8 * score)
        end = start + (np.argmax(below) if below.any() else len(below)) - 1
        if end >= start and times[end] - times[start] >= duration_ms:
            kept[start] = score
    return kept


def summed(times, scores, drift):
    """The sum of what exceeds the drift, never below 0, in surprise times seconds."""
    sums = np.zeros(len(scores))
    for i in range(1, len(scores)):
        seconds = min(times[i] - times[i - 1], LONGEST_STEP_MS) / 1000
        sums[i] = max(sums[i - 1] + (scores[i] - drift) * seconds, 0)
    return sums


def excursion_peaks(sums):
    """The highest value of every run above 0."""
    runs = np.split(sums, np.flatnonzero(sums == 0))
    return np.array([run.max() for run in runs if len(run) > 1])


def summed_level(peaked, budget, days):
    """Exponential beyond the lowest of the peaks that count: a quarter, or as many as are enough."""
    descending = np.sort(peaked)[::-1][: max(ENOUGH, len(peaked) // 4)]
    if not len(descending):
        return np.inf
    decay = np.log(max(len(descending) / days / budget, 1.0))
    return descending[-1] + (descending - descending[-1]).mean() * decay


def summed_alarms(times, scores, drift, enter):
    """How often the sum raises one; it ends, and the sum with it, when the score stays below the drift."""
    position, count = 0, 0
    while position < len(times):
        reached = np.flatnonzero(summed(times[position:], scores[position:], drift) >= enter)
        if not len(reached):
            break
        position, count = position + reached[0], count + 1
        quiet = None
        while position < len(times) and (quiet is None or times[position] - quiet < HOLD_MS + COOLDOWN_MS):
            quiet = None if scores[position] >= drift else times[position] if quiet is None else quiet
            position += 1
    return count


def peaks(times, scores, threshold):
    found, last = [], -np.inf
    for time, score in zip(times, scores):
        if score > threshold:
            if time - last <= GAP_MS:
                found[-1] = max(found[-1], score)
            else:
                found.append(score)
            last = time
    return found


def level(clips, all_scores, tail, budget, days):
    best = (0.0, [])
    for probability in THRESHOLDS:
        threshold = np.quantile(all_scores, probability)
        found = [peak for times, scores in clips for peak in peaks(times, scores, threshold)]
        if len(found) > len(best[1]):
            best = (threshold, found)
        if len(found) >= ENOUGH:
            break
    threshold, found = best
    if not found:
        return HIGHEST
    shape, scale = tail(np.array(found) - threshold)
    decay = np.log(max(len(found) / days / budget, 1.0))
    return min(threshold + scale * (np.expm1(shape * decay) / shape if shape > 1e-9 else decay), HIGHEST)


def alarms(times, scores, enter, leave, duration_ms):
    """How often the state machine raises one."""
    state, since, quiet, count = "idle", 0, None, 0
    for time, score in zip(times, scores):
        if state == "cooldown" and time - since >= COOLDOWN_MS:
            state = "idle"
        if state == "idle" and score >= enter:
            state, since = "suspect", time
        if state == "suspect" and score < leave:
            state = "idle"
        elif state == "suspect" and time - since >= duration_ms:
            state, quiet, count = "alarm", None, count + 1
        elif state == "alarm":
            quiet = None if score >= leave else time if quiet is None else quiet
            if quiet is not None and time - quiet >= HOLD_MS:
                state, since = "cooldown", time
    return count


def one_split(clips, chosen, given):
    """Level and alarms a day for every rule and budget."""
    score = surprise(np.concatenate([clips[i][1] for i in chosen]))
    scored = [(times, score(ratios)) for times, ratios in clips]
    all_scores = np.concatenate([scored[i][1] for i in chosen])
    usual, days = np.quantile(all_scores, 0.99), len(all_scores) * step_ms(clips) / DAY_MS
    raw = [scored[i] for i in chosen]
    held = [(times, lasting(times, scores, usual, given.min_duration_ms)) for times, scores in raw]
    others = [clip for i, clip in enumerate(scored) if i not in chosen]
    other_days = sum(len(times) for times, _ in others) * step_ms(clips) / DAY_MS
    for kind, peaked in (("any", raw), ("lasting", held)):
        for tail in (pareto, exponential):
            for budget in given.budgets:
                enter = level(peaked, all_scores, tail, budget, days)
                leave = min(usual, 0.8 * enter)
                count = sum(alarms(*clip, enter, leave, given.min_duration_ms) for clip in others)
                yield (kind, tail.__name__, budget), (enter, count / other_days)
    if given.drift is not None:
        drift = np.quantile(all_scores, given.drift)
        peaked = np.concatenate([excursion_peaks(summed(*clip, drift)) for clip in raw])
        for budget in given.budgets:
            enter = summed_level(peaked, budget, days)
            count = sum(summed_alarms(*clip, drift, enter) for clip in others)
            yield ("summed", "exponential", budget), (enter, count / other_days)


def step_ms(clips):
    return np.median(np.diff(clips[0][0]))


def main():
    given = arguments()
    clips = read(given.scores)
    hours = sum(len(times) for times, _ in clips) * step_ms(clips) / 3_600_000
    print(f"{len(clips)} clips, {hours:.2f} h; {given.splits} splits, {given.clips} clips to calibrate on each time")
    random, found = np.random.default_rng(1), collections.defaultdict(list)
    for _ in range(given.splits):
        chosen = set(random.choice(len(clips), given.clips, replace=False))
        for rule, result in one_split(clips, chosen, given):
            found[rule].append(result)
    print(f"{'peaks':8} {'tail':12} {'budget':>7} {'level':>6} {'alarms a day':>13} {'over three times the budget':>28}")
    for (kind, tail, budget), results in found.items():
        levels, rates = np.array(results).T
        over = 100 * (rates > 3 * budget).mean()
        print(f"{kind:8} {tail:12} {budget:7.0f} {levels.mean():6.2f} {rates.mean():13.1f} {over:26.0f} %")


if __name__ == "__main__":
    main()
