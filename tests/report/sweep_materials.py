"""Sweeps to draw: one combination, two, a grid with layer lists, 300 sampled with conditions and failures, and one where all failed."""

import math
from dataclasses import replace
from itertools import product

import numpy as np

from glassnet.evaluation.importance import REST, Importance
from glassnet.evaluation.scores import Figure
from glassnet.evaluation.selection import Distinguished
from glassnet.report.sweep.material import CombinationLine, SweepMaterial

HOSTILE = "</script><img src=x onerror=alert(1)>"
NETWORKS = (
    "tutorial",
    "flowers",
    [{"conv": 32, "kernel": 3, "activation": "relu"}, {"maxpool": 2}, {"conv": 64, "kernel": 3, "activation": "relu"}, {"maxpool": 2},
     "flatten", {"dense": 64, "activation": "relu"}, {"dropout": 0.3}, {"dense": "classes"}],
    [{"conv": 32, "kernel": 5, "activation": "relu"}, {"maxpool": 2}, {"conv": 64, "kernel": 5, "activation": "relu"}, {"maxpool": 2},
     "flatten", {"dense": 64, "activation": "relu"}, {"dropout": 0.3}, {"dense": "classes"}],
)  # fmt: skip


def one():
    return SweepMaterial("x-sweep-001", "xo", "classify", "accuracy", (line(1, {"train.lr": 0.1}, 0.9),), ("train.lr",))


def two():
    lines = (line(1, {"train.lr": 0.1}, 0.9, best=True), line(2, {"train.lr": 0.01}, 0.7))
    return SweepMaterial("x-sweep-002", "xo", "classify", "accuracy", lines, ("train.lr",), curves=curves(lines))


def grid(networks=NETWORKS):
    """3 × 2 × 4: learning rates, dropout, and networks of which two are long lists that begin alike."""
    draws = np.random.default_rng(4)
    lines = []
    for number, (lr, dropout, network) in enumerate(product((0.1, 0.01, 0.001), (0.0, 0.3), networks), 1):
        score = 0.9 - 0.06 * abs(math.log10(lr) + 2) - 0.02 * (dropout == 0) + 0.01 * networks.index(network)
        values = {"train.lr": lr, "train.dropout": dropout, "network": network}
        lines.append(
            line(number, values, score + float(draws.normal(0, 0.008)), seconds=20 + 9 * networks.index(network))
        )
    lines = with_best(lines, 4)
    return SweepMaterial(
        "clothing-sweep-001", "photos/clothing", "classify", "accuracy", lines, ("train.lr", "train.dropout", "network"),
        space=("train.lr: 0.1, 0.01 or 0.001", "train.dropout: 0.0 or 0.3", f"network: one of {len(networks)}"),
        curves=curves(lines), distinguished=distinguished(lines),
        optimism=Figure(0.011, 0.004, 0.019, 400, "validation", "bootstrap"),
        importance=Importance(
            method="Functional ANOVA of the full grid", caveat="What is left over is interactions and chance together.",
            shares={"train.lr": 0.71, "network": 0.12, "train.dropout": 0.08, REST: 0.09},
        ),
        cheapest=cheapest(lines), winner=next(each.runs[0] for each in lines if each.best),
        test=Figure(0.889, 0.861, 0.912, 600, "test", "wilson"),
        plan=("The full grid, once each, with seed 0.", "One process per core, 4 cores, one thread each."), created="2026-11-21 10:40",
    )  # fmt: skip


def sampled(n=300):
    """Log ranges, integers, a condition, a value that is hostile text, pruned and failed ones, a setting with zero."""
    draws = np.random.default_rng(9)
    lines = []
    for number in range(1, n + 1):
        optimizer = str(draws.choice(["adam", "sgd", "muon"]))
        values = {
            "train.lr": float(10 ** draws.uniform(-4, -1)),
            "train.optimizer": optimizer,
            "train.weight_decay": float(draws.choice([0.0, 1e-5, 1e-3, 1e-2])),
            "train.epochs": int(draws.integers(5, 21)),
            "augment.rotate": float(draws.uniform(0, 30)),
            "network.conv1.filters": int(2 ** draws.integers(3, 8)),
            "network": (*NETWORKS[:3], HOSTILE)[int(draws.integers(0, 4))],
        }
        if optimizer != "adam":
            values["train.momentum"] = float(draws.uniform(0.8, 0.99))
        score = (
            0.86
            - 0.05 * (math.log10(values["train.lr"]) + 2.3) ** 2
            + 0.02 * (optimizer == "muon")
            + float(draws.normal(0, 0.015))
        )
        if draws.random() < 0.03:
            score = 0.1 + float(draws.random()) * 0.05
        status = str(draws.choice(["done", "pruned", "failed", "planned"], p=[0.7, 0.24, 0.05, 0.01]))
        lines.append(
            line(
                number,
                values,
                score if status in ("done", "pruned") else None,
                status,
                seconds=float(draws.uniform(10, 90)),
            )
        )
    drawn = curves(lines, epochs=20)
    lines = [
        replace(each, score=None, low=None, high=None, repeats=()) if each.status == "pruned" else each
        for each in lines
    ]
    lines = with_best(lines, 12)
    names = ("train.lr", "train.optimizer", "train.weight_decay", "train.epochs", "augment.rotate", "network.conv1.filters", "network",
             "train.momentum")  # fmt: skip
    return SweepMaterial(
        "photos-sweep-007", f"photos {HOSTILE}", "classify", "accuracy", lines, names,
        space=("train.lr: 0.0001 to 0.1, log", "train.momentum: 0.8 to 0.99 when train.optimizer is sgd or muon", HOSTILE),
        curves=drawn, distinguished=distinguished(lines),
        importance=Importance(method="Trees", caveat="Sampled, so only roughly.", shares={"train.lr": 0.6, "network": 0.2}),
        cheapest=cheapest(lines), notes=(f"Two machines worked on it. {HOSTILE}",),
        open_test="glassnet eval photos-sweep-007-012", resume="glassnet sweep photos --resume",
    )  # fmt: skip


def all_failed():
    lines = tuple(
        line(i, {"train.lr": 0.1 * i}, None, "failed", sentence=f"Memory ran out. {HOSTILE}") for i in (1, 2, 3)
    )
    return SweepMaterial("x-sweep-003", "xo", "classify", "accuracy", lines, ("train.lr",))


def with_repeats(material, n=3):
    """Return a sweep whose combinations were each run n times."""
    lines = tuple(
        replace(one, repeats=tuple(one.score + 0.01 * (i - 1) for i in range(n)), runs=tuple(f"{one.runs[0]}-{i + 1}" for i in range(n)))
        if one.known else one for one in material.lines
    )  # fmt: skip
    return replace(material, lines=lines)


def line(number, values, score, status="done", seconds=12.0, sentence="", best=False):
    low, high = (None, None) if score is None else (score - 0.02, score + 0.018)
    why = {"pruned": "Below the median of the others at epoch 4.", "failed": "A loss was NaN 20 times in a row."}
    return CombinationLine(
        number, values, status, score, low, high, () if score is None else (score,), seconds if status != "planned" else None,
        int(values.get("train.epochs", 8)) if status == "done" else 4, sentence or why.get(status, ""),
        (f"photos-sweep-007-{number:03d}",), best,
    )  # fmt: skip


def with_best(lines, alike):
    ranked = sorted((each for each in lines if each.known), key=lambda each: -each.score)
    equal = {each.number for each in ranked[:alike]}
    return tuple(replace(each, best=each is ranked[0], equal_to_best=each.number in equal) for each in lines)


def distinguished(lines):
    ranked = sorted((each for each in lines if each.known), key=lambda each: -each.score)
    return Distinguished(
        best=ranked[0].number,
        not_distinguishable=tuple(each.number for each in ranked if each.equal_to_best),
        test="Paired sign-flip permutation test on 400 validation pictures, with Holm's correction; the seed's chance is not in it.",
        p={each.number: min(1.0, 4.0**-place * 2) for place, each in enumerate(ranked) if place},
    )


def cheapest(lines):
    return min((each for each in lines if each.equal_to_best), key=lambda each: each.seconds).number


def curves(lines, epochs=8):
    draws = np.random.default_rng(1)
    found = {}
    for each in lines:
        if each.score is not None:
            last = epochs if each.status == "done" else 4
            fall = np.exp(-np.arange(1, last + 1) / 2.5)
            noise = draws.normal(0, 0.006, last)
            found[each.number] = [(i + 1, max(0.02, float(each.score - 0.5 * fall[i] + noise[i]))) for i in range(last)]
    return found
