import pytest

from glassnet.evaluation.scores import Figure, Scores
from glassnet.recipe import recipe_from


@pytest.fixture
def recipe():
    return recipe_from({"data": {"root": "photos"}, "network": "mini", "train": {"epochs": 3, "lr": 0.1, "seed": 7}})


@pytest.fixture
def scores():
    def make(split="validation", value=2 / 3, n=30):
        figure = Figure(value, value - 0.1, value + 0.05, n, split, "wilson")
        other = Figure(1 / 3, 0.1, 0.7, n, split, "bootstrap", threshold=0.1 + 0.2)
        return Scores(
            "classify", split, "accuracy", {"accuracy": figure, "log_loss": other},
            per_class={"cat": {"recall": other}, "dog": {"recall": figure}}, trivial={"majority": other},
            tables={"confusion": [[1, 2], [3, 4]]}, warnings=("few pictures",),
        )  # fmt: skip

    return make
