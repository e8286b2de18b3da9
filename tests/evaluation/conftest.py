import numpy as np
import pytest


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
