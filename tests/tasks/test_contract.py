"""The questions every task must answer. A new task adds its drawn world in conftest.py and nothing else."""

import copy
import inspect
import json
import pickle

import numpy as np
import pytest
import torch

from glassnet import tasks
from glassnet.errors import RecipeError
from glassnet.evaluation import measure
from glassnet.recipe import Recipe, TrainRecipe, fields
from glassnet.tasks.contract import Task


class TestTask:
    def test_has_every_part_of_the_contract_with_its_parameters(self, world):
        task = world.task
        assert tasks.task(task.name) is task
        for name, member in inspect.getmembers(Task, inspect.isfunction):
            if name.startswith("_"):
                continue
            given = inspect.signature(getattr(task, name)).parameters
            for wanted in list(inspect.signature(member).parameters.values())[1:]:
                if wanted.kind is not wanted.VAR_KEYWORD:
                    assert wanted.name in given, f"{name}({wanted.name})"
            positional = [
                p.name for p in inspect.signature(member).parameters.values() if p.kind == p.POSITIONAL_OR_KEYWORD
            ]
            assert list(given)[: len(positional) - 1] == positional[1:], name
        assert task.edge in ("reflect", "border") and isinstance(task.one_class, bool)

    def test_encodes_the_rows_asked_for_in_their_order(self, world):
        order = np.array([2, 0, 0])
        chosen = world.task.encode(world.catalog, order, [world.frames[i] for i in order])
        expected = world.targets[order]
        if world.task.name in (
            "detect",
            "localize",
        ):  # as wide as the busiest picture and the longest outline asked for
            chosen, expected = (boxes(targets) for targets in (chosen, expected))
            for mine, theirs in zip(chosen, expected, strict=True):
                assert np.array_equal(mine, theirs)
        else:
            assert np.array_equal(chosen, expected)

    def test_targets_do_not_move_when_pictures_do_not(self, world):
        still = np.tile(np.eye(3), (len(world.targets), 1, 1))
        moved = world.task.move(world.targets, still, world.size)
        assert np.array_equal(moved, world.targets) and moved.dtype == world.targets.dtype

    def test_moving_leaves_the_targets_of_the_next_epoch_alone(self, world):
        kept = world.targets.copy()
        mirror = np.tile(np.array([[-1.0, 0, 95], [0, 1, 0], [0, 0, 1]]), (len(kept), 1, 1))
        world.task.move(world.targets, mirror, world.size)
        assert np.array_equal(world.targets, kept)

    def test_loss_is_per_example_finite_differentiable_and_independent_of_neighbours(self, world):
        outputs = torch.tensor(world.outputs(), requires_grad=True)
        targets = torch.tensor(world.targets)
        losses = world.task.loss(outputs, targets)
        assert losses.shape == (len(targets),) and losses.dtype == torch.float32
        losses.sum().backward()
        assert torch.isfinite(outputs.grad).all()
        assert (outputs.grad.flatten(1).abs().sum(1) > 0).all()
        for i in range(len(targets)):
            alone = world.task.loss(outputs.detach()[i : i + 1], targets[i : i + 1])
            assert alone[0].item() == pytest.approx(losses[i].item(), rel=1e-5)

    def test_following_the_gradient_lowers_the_loss_and_raises_hits_and_score(self, world):
        task, targets = world.task, torch.tensor(world.targets)
        outputs = torch.tensor(world.outputs(scale=0.1), requires_grad=True)
        optimizer = torch.optim.Adam([outputs], lr=0.2)
        before = task.loss(outputs, targets).mean().item()
        for _ in range(80):
            optimizer.zero_grad()
            loss = task.loss(outputs, targets).mean()
            loss.backward()
            optimizer.step()
        assert loss.item() < before / 5
        found = outputs.detach()
        hits = task.hits(found, targets)
        assert hits.shape == (len(targets),) and hits.dtype == torch.float32 and hits.min() > 0.8 and hits.max() <= 1
        read = world.read(found)
        assert task.score(read, world.targets) > 0.9
        per_picture = task.per_picture(read, world.targets)
        assert per_picture.shape == (len(targets),) and per_picture.min() > 0.8 and per_picture.max() <= 1

    def test_bf16_outputs_give_a_finite_float32_loss(self, world):
        outputs, targets = torch.tensor(world.outputs()), torch.tensor(world.targets)
        low = world.task.loss(outputs.bfloat16(), targets)
        assert low.dtype == torch.float32 and torch.isfinite(low).all()
        assert low.numpy() == pytest.approx(world.task.loss(outputs, targets).numpy(), rel=0.02, abs=0.05)
        assert torch.isfinite(world.task.hits(outputs.bfloat16(), targets)).all()

    @pytest.mark.parametrize("scale", [0.0, 100.0, 10_000.0])
    def test_losses_stay_finite_for_outputs_of_any_size(self, world, scale):
        outputs = torch.tensor(world.outputs(scale=scale), requires_grad=True)
        losses = world.task.loss(outputs, torch.tensor(world.targets))
        losses.sum().backward()
        assert torch.isfinite(losses).all() and torch.isfinite(outputs.grad).all()
        assert np.isfinite(world.read(outputs.detach())).all()

    def test_class_weights_scale_what_a_class_costs(self, world):
        outputs, targets = torch.tensor(world.outputs()), torch.tensor(world.targets)
        k = len(world.classes)
        plain, ones, zeros = (
            world.task.loss(outputs, targets, class_weights=weights)
            for weights in (None, torch.ones(k), torch.zeros(k))
        )
        assert torch.allclose(plain, ones) and (zeros < plain).all()

    def test_counts_are_those_of_the_annotations(self, world):
        counts = world.task.counts(world.targets, len(world.classes))
        assert counts.shape == (len(world.classes),) and counts.dtype == np.float64
        if world.task.name == "segment":
            assert counts.sum() == (world.targets != 255).sum()
        elif world.task.name == "classify":
            assert counts.sum() == len(world.targets)
        else:
            labels = np.concatenate([truth.labels for truth in world.truths])
            assert np.array_equal(counts, np.bincount(labels, minlength=len(world.classes)))

    def test_recipe_options_are_options_of_the_loss(self, world):
        options = world.task.loss_options(TrainRecipe())
        assert options and set(options) <= set(inspect.signature(world.task.loss).parameters)
        world.task.loss(torch.tensor(world.outputs()), torch.tensor(world.targets), **options)

    def test_advice_is_for_fields_that_exist_with_reasons(self, world):
        advice = world.task.advice(100, len(world.classes))
        assert set(advice) - {"network"} <= set(fields())
        assert all(len(reason) > 5 for _, reason in advice.values())
        Recipe().changed({name: value for name, (value, _) in advice.items()})

    def test_one_answer_per_picture_as_json(self, world):
        read = world.read(world.outputs())
        assert len(read) == len(world.targets)
        for threshold in (None, 0.0) if not world.task.one_class else (None,):
            answers = world.task.decode(read, world.classes, threshold=threshold, frames=world.frames)
            assert len(answers) == len(read)
            json.dumps([answer.as_dict() for answer in answers], allow_nan=False)
            assert all(isinstance(str(answer), str) for answer in answers)
        assert len(world.task.decode(read, world.classes)) == len(read), "without frames: in fitted pixels"

    def test_scores_rank_by_the_headline_and_agree_with_the_quick_score(self, world):
        for seed, outputs in ((0, world.outputs()), (1, good_outputs(world, steps=12))):
            read = world.read(outputs)
            scores = measure(world.task, read, world.targets, world.classes, "test", seed=seed, **world.options)
            assert (scores.task, scores.split, scores.headline) == (world.task.name, "test", world.task.headline)
            assert scores.main.value == pytest.approx(world.task.score(read, world.targets), abs=1e-6)

    def test_the_threshold_is_the_one_with_the_best_f1(self, world):
        read = world.read(good_outputs(world, steps=12))
        threshold = world.task.threshold(read, world.targets)
        if world.task.name not in ("detect", "instances"):
            assert threshold is None
            return
        f1 = {
            each: measure(
                world.task, read, world.targets, world.classes, "test", threshold=each, **world.options
            ).figures["f1"].value
            for each in (threshold, 0.05, 0.2, 0.3, 0.5, 0.7)
        }  # fmt: skip
        assert 0 < threshold < 1 and f1[threshold] == pytest.approx(max(f1.values()))

    def test_mirrored_twice_is_not_mirrored(self, world):
        outputs = torch.tensor(world.outputs())
        assert torch.equal(world.task.unmirrored(world.task.unmirrored(outputs)), outputs)

    @pytest.mark.parametrize("shape", [(20, 30, 3), (20, 30, 1), (300, 200, 3), (1, 1, 3)])
    def test_draws_on_a_copy_in_colour(self, world, shape):
        from glassnet.data.frames import frame

        picture = np.full(shape, 200, np.uint8)
        kept = picture.copy()
        frames = [frame(*shape[:2], each.settings) for each in world.frames]
        answer = world.task.decode(world.read(world.outputs()), world.classes, frames=frames)[0]
        drawn = world.task.draw(picture, answer)
        assert drawn.dtype == np.uint8 and drawn.ndim == 3 and drawn.shape[2] == 3
        assert np.array_equal(picture, kept)

    def test_travels_to_workers_and_keeps_no_state(self, world):
        task = world.task
        before = copy.deepcopy(vars(task))
        task.decode(world.read(world.outputs()), world.classes, frames=world.frames)
        again = pickle.loads(pickle.dumps(task))
        assert vars(task) == before and type(again) is type(task)


def boxes(targets):
    """Return class, crowd flag and box of every thing of every picture."""
    found = []
    for rows in targets:
        kept = rows[rows[:, 0] >= 0]
        x, y = kept[:, 2::2], kept[:, 3::2]
        found.append(np.stack([kept[:, 0], kept[:, 1], x.min(1), y.min(1), x.max(1), y.max(1)], 1))
    return found


def good_outputs(world, steps):
    """Outputs on the way to right ones: some of their answers are right, some wrong."""
    outputs, targets = torch.tensor(world.outputs(), requires_grad=True), torch.tensor(world.targets)
    optimizer = torch.optim.Adam([outputs], lr=0.2)
    for _ in range(steps):
        optimizer.zero_grad()
        world.task.loss(outputs, targets).mean().backward()
        optimizer.step()
    return outputs.detach()


def test_an_unknown_task_is_refused_with_the_known_ones():
    with pytest.raises(RecipeError, match=r"no task 'clasify'.*Known tasks: classify.*Did you mean 'classify'"):
        tasks.task("clasify")
