import json
from pathlib import Path

import numpy as np
import pytest

from glassnet.data.truths import Truth
from glassnet.tasks.answers import Found, ThingsAnswer


@pytest.fixture
def answers_of():
    """Make (logits, targets) of a classifier that is right about as often as `skill` pushes it, seeded."""

    def make(n, classes, skill=1.5, seed=0, shares=None):
        source = np.random.default_rng(seed)
        targets = source.choice(classes, n, p=shares)
        logits = source.normal(size=(n, classes))
        logits[np.arange(n), targets] += skill
        return logits, targets

    return make


@pytest.fixture
def scene():
    """Make (answers, truths) of n pictures with things of some of the classes, found, missed, doubled and made up, all scores different."""

    def make(n, classes=("a", "b", "c"), seed=0, crowds=0.1, side=300):
        source = np.random.default_rng(seed)
        scores = iter(source.permutation(n * 60) / (n * 60))
        answers, truths = [], []
        for _ in range(n):
            m = int(source.integers(0, 7))
            middles, sides = source.uniform(20, side - 20, (m, 2)), np.exp(source.uniform(2.3, 5.3, (m, 2)))
            boxes = np.concatenate([middles - sides / 2, middles + sides / 2], 1)
            labels = source.integers(0, len(classes), m)
            found = []
            for label, box in zip(labels, boxes, strict=True):
                wide = np.tile(box[2:] - box[:2], 2)
                for _ in range(source.choice(4, p=[0.2, 0.6, 0.1, 0.1])):
                    name = classes[label] if source.random() < 0.8 else classes[source.integers(len(classes))]
                    found.append((name, box + source.normal(0, 0.08, 4) * wide))
            for _ in range(source.integers(0, 4)):
                corner = source.uniform(0, side, 2)
                found.append((classes[source.integers(len(classes))], np.r_[corner, corner + source.uniform(5, 60, 2)]))
            things = [Found(name, float(next(scores)), tuple(map(float, box))) for name, box in found]
            things.sort(key=lambda thing: -thing.confidence)
            answers.append(ThingsAnswer(tuple(things), side, side, 0.0))
            truths.append(Truth(side, side, labels, boxes, source.random(m) < crowds))
        return answers, truths

    return make


@pytest.fixture(scope="session")
def frozen():
    """Return (figures, answers, truths) of the example that pycocotools scored once; a mask is an L within its box."""
    example = json.loads((Path(__file__).parent / "frozen" / "pycocotools.json").read_text())
    side, names = example["side"], ("zero", "one", "two")

    def shape(box):
        mask = np.zeros((side, side), bool)
        x1, y1, x2, y2 = box
        mask[y1:y2, x1 : (x1 + x2) // 2] = True
        mask[(y1 + y2) // 2 : y2, x1:x2] = True
        return mask

    answers, truths = [], []
    for picture in example["pictures"]:
        things, found = picture["things"], picture["found"]
        answers.append(
            ThingsAnswer(
                tuple(Found(names[f["class"]], f["score"], tuple(f["box"]), shape(f["box"])) for f in found),
                side,
                side,
                0.0,
            )
        )
        truths.append(
            Truth(
                side,
                side,
                np.array([t["class"] for t in things], np.int64),
                np.array([t["box"] for t in things], np.float64).reshape(-1, 4),
                np.array([t["crowd"] for t in things], bool),
                [shape(t["box"]) for t in things],
            )
        )
    return example, answers, truths
