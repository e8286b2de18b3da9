from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.postgres import Server

from glassnet.evaluation.scores import Figure, Scores
from glassnet.recipe import recipe_from
from glassnet.runs.ledger import Ledger


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


@dataclass(frozen=True)
class Books:
    """Opens the same ledger again and again, here and in other processes; `out` is another folder of runs on the same ledger."""

    out: Path
    url: str | None = None

    def __call__(self, out=None):
        return Ledger(out or self.out, self.url)


@pytest.fixture(scope="session")
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(params=["file", "server"])
def books(request, tmp_path):
    """The same ledger in a SQLite file and in a PostgreSQL database: what holds for one holds for the other."""
    if request.param == "file":
        return Books(tmp_path)
    return Books(tmp_path, request.getfixturevalue("server").new_database("glassnet"))
