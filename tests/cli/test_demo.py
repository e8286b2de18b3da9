"""`glassnet demo` passes its task on: which pictures, which question, which next step."""

import pytest

from glassnet import pipeline
from glassnet.cli import main
from glassnet.cli.demo import QUESTIONS
from glassnet.errors import InterruptedRun


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Stop before training; return the recipes that would have been trained."""
    recipes = []

    def train(recipe, **more):
        recipes.append((recipe.data.root, recipe.data.task, more["command"]))
        raise InterruptedRun("Stopped by the test.")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "train", train, raising=False)
    return recipes


def test_alone_it_asks_x_or_o(asked, capsys):
    assert main(["demo"]) == 75
    assert asked == [("xo", None, "glassnet train xo")]
    assert "is it an X or an O?" in capsys.readouterr().out


@pytest.mark.parametrize("task", QUESTIONS)
def test_with_a_task_it_asks_that_about_shapes(asked, task, capsys):
    assert main(["demo", "--task", task]) == 75
    assert asked == [("shapes", task, f"glassnet train shapes --task {task}")]
    assert QUESTIONS[task] in capsys.readouterr().out


def test_another_task_is_refused(asked):
    assert main(["demo", "--task", "count"]) == 2
    assert not asked
