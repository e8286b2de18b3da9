"""The questions every task must answer. A new task adds one entry to CASES and nothing else."""

import copy
import inspect
import json
import pickle

import numpy as np
import pytest
import torch

from glassnet import tasks
from glassnet.data.catalog import Catalog, ClassLabel, Example
from glassnet.errors import RecipeError
from glassnet.evaluation import measure
from glassnet.tasks.contract import Task

# One annotated world per task: (classes, annotation of each example).
CASES = {
    "classify": (("ant", "bee", "cow"), [ClassLabel("cow"), ClassLabel("ant"), ClassLabel("bee"), ClassLabel("ant")])
}


@pytest.fixture(params=tasks.names())
def world(request):
    task = tasks.task(request.param)
    classes, annotations = CASES[request.param]
    examples = tuple(Example(f"{i}.png", annotation) for i, annotation in enumerate(annotations))
    catalog = Catalog("root", "layout", task.name, classes, examples, source=None)
    rows = np.arange(len(examples))
    targets = task.encode(catalog, rows)
    head = task.head(len(classes))
    shape = (
        (len(rows), head["outputs"]) if head["kind"] == "vote" else (len(rows), head["outputs"], *targets.shape[-2:])
    )
    outputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return task, catalog, targets, outputs


class TestTask:
    def test_has_every_part_of_the_contract_with_its_parameters(self, world):
        task = world[0]
        assert tasks.task(task.name) is task
        for name, member in inspect.getmembers(Task, inspect.isfunction):
            if name.startswith("_"):
                continue
            wanted = list(inspect.signature(member).parameters)[1:]
            assert list(inspect.signature(getattr(task, name)).parameters)[: len(wanted)] == wanted, name

    def test_encodes_the_rows_asked_for_in_their_order(self, world):
        task, catalog, targets, _ = world
        order = np.array([2, 0, 0])
        assert np.array_equal(task.encode(catalog, order), targets[order])

    def test_targets_do_not_move_when_pictures_do_not(self, world):
        task, _, targets, _ = world
        still = np.tile(np.eye(3), (len(targets), 1, 1))
        assert np.array_equal(task.move(targets, still), targets)

    def test_loss_is_per_example_finite_differentiable_and_independent_of_neighbours(self, world):
        task, _, targets, outputs = world
        logits = torch.tensor(outputs, requires_grad=True)
        losses = task.loss(logits, torch.tensor(targets))
        assert losses.shape == (len(targets),) and losses.dtype == torch.float32
        losses.sum().backward()
        assert torch.isfinite(logits.grad).all() and logits.grad.abs().sum() > 0
        alone = task.loss(torch.tensor(outputs[1:2]), torch.tensor(targets[1:2]))
        assert alone[0].item() == pytest.approx(losses[1].item(), rel=1e-6)

    def test_following_the_gradient_lowers_the_loss_and_raises_hits_and_score(self, world):
        task, _, targets, outputs = world
        logits = torch.tensor(outputs, requires_grad=True)
        optimizer = torch.optim.Adam([logits], lr=0.5)
        before = task.loss(logits, torch.tensor(targets)).mean().item()
        for _ in range(60):
            optimizer.zero_grad()
            loss = task.loss(logits, torch.tensor(targets)).mean()
            loss.backward()
            optimizer.step()
        assert loss.item() < before / 5
        assert task.hits(logits.detach(), torch.tensor(targets)).min() > 0.9
        assert task.score(logits.detach().numpy(), targets) > 0.9

    def test_bf16_outputs_give_a_float32_loss(self, world):
        task, _, targets, outputs = world
        low = task.loss(torch.tensor(outputs).bfloat16(), torch.tensor(targets))
        assert low.dtype == torch.float32
        assert low.numpy() == pytest.approx(task.loss(torch.tensor(outputs), torch.tensor(targets)).numpy(), abs=0.05)

    def test_one_answer_per_picture_as_json(self, world):
        task, catalog, _, outputs = world
        answers = task.decode(outputs, catalog.classes)
        assert len(answers) == len(outputs)
        json.dumps([answer.as_dict() for answer in answers], allow_nan=False)

    def test_scores_rank_by_the_headline_and_agree_with_the_quick_score(self, world):
        task, catalog, targets, outputs = world
        scores = measure(task, outputs, targets, catalog.classes, "test", seed=0)
        assert (scores.task, scores.split, scores.headline) == (task.name, "test", task.headline)
        assert scores.main.value == pytest.approx(task.score(outputs, targets))

    @pytest.mark.parametrize("shape", [(20, 30, 3), (20, 30, 1), (300, 200, 3), (1, 1, 3)])
    def test_draws_on_a_copy_in_colour(self, world, shape):
        task, catalog, _, outputs = world
        picture = np.full(shape, 200, np.uint8)
        kept = picture.copy()
        drawn = task.draw(picture, task.decode(outputs, catalog.classes)[0])
        assert drawn.dtype == np.uint8 and drawn.ndim == 3 and drawn.shape[2] == 3
        assert np.array_equal(picture, kept)

    def test_travels_to_workers_and_keeps_no_state(self, world):
        task, catalog, _, outputs = world
        before = copy.deepcopy(vars(task))
        task.decode(outputs, catalog.classes)
        again = pickle.loads(pickle.dumps(task))
        assert vars(task) == before and type(again) is type(task)


def test_an_unknown_task_is_refused_with_the_known_ones():
    with pytest.raises(RecipeError, match=r"no task 'clasify'.*Known tasks: classify.*Did you mean 'classify'"):
        tasks.task("clasify")
