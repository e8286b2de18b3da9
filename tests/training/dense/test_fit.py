"""What a run does with its recipe when it is asked where things are."""

import math

import numpy as np
import pytest
import torch

from glassnet.errors import RecipeError
from glassnet.training import augment, history
from glassnet.training.answers import answers, heats
from glassnet.training.engine import Batch
from glassnet.training.fitting import find_rate
from glassnet.training.torch_engine import TorchEngine


def test_a_run_learns_and_leaves_its_curve(world, tmp_path):
    job, fitted, _ = world.fit(tmp_path, {"epochs": 8})
    rows = list(fitted.history)
    assert rows[-1].loss < 0.8 * rows[0].loss and rows[-1].train_score > rows[0].train_score
    assert history.from_csv((tmp_path / "history.csv").read_text()) == fitted.history
    assert all(0 <= row.train_score <= 1 for row in rows)
    scored = [row for row in rows if not math.isnan(row.validation_score)]
    assert scored and all(0 <= row.validation_score <= 1 and math.isfinite(row.validation_loss) for row in scored)
    assert not job.network.training


def test_the_network_afterwards_is_the_one_with_the_best_validation_score(world, tmp_path):
    job, fitted, _ = world.fit(tmp_path, {"epochs": 6, "lr": 0.05})
    read = answers(job.network, world.task, world.pixels, world.validation)
    found = world.task.score(read, world.targets[world.validation])
    best = max(s for s in fitted.history.validation_score if not math.isnan(s))
    assert found == pytest.approx(best, abs=1e-6)
    assert fitted.history[fitted.best_epoch - 1].validation_score == best


def test_the_same_seed_gives_the_same_bits_and_another_does_not(world, tmp_path):
    runs = [
        world.fit(tmp_path / str(i), {"seed": seed, "epochs": 2}, network=world.network(seed, dropout=0.2))
        for i, seed in enumerate([0, 0, 1])
    ]
    weights = [job.network.state_dict()["steps.conv1.weight"] for job, _, _ in runs]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_the_loss_is_taken_where_the_pictures_went(world):
    """One step against the arithmetic by hand: the moved picture through the network, against the moved target."""
    job = world.job("unused")
    engine = TorchEngine(job.network, world.task, job.recipe.train)
    reference = world.network()
    rows = np.arange(6)
    draws = augment.draw(job.recipe.augment, 0, 0, rows, 32, 32)
    pixels = torch.from_numpy(world.pixels[rows])
    losses = engine.step(Batch(0, 0, rows, pixels, world.targets[rows], 6, draws), 1e-3)
    reference.train()
    reference.begin(0, 0, torch.from_numpy(rows))
    outputs = reference(augment.apply(pixels, draws, world.task.edge))
    moved = torch.from_numpy(world.task.move(world.targets[rows], draws.matrices, (32, 32)))
    options = world.task.loss_options(job.recipe.train)
    assert torch.allclose(losses, world.task.loss(outputs, moved, **options), rtol=1e-5)
    still = torch.from_numpy(world.targets[rows])
    assert not torch.allclose(losses, world.task.loss(outputs, still, **options), rtol=1e-3)


def test_steps_with_a_nan_are_left_out_and_counted(world, tmp_path, monkeypatch, poisoned):
    monkeypatch.setattr(TorchEngine, "step", poisoned(TorchEngine.step, {1, 2}))
    job, fitted, _ = world.fit(tmp_path, {"epochs": 2})
    assert [row.rejected for row in fitted.history] == [2, 0]
    assert all(math.isfinite(row.loss) for row in fitted.history)
    assert all(torch.isfinite(p).all() for p in job.network.state_dict().values() if p.is_floating_point())


def test_balanced_class_weights_enter_the_loss(world, tmp_path):
    first = [
        world.fit(tmp_path / name, {"class_weights": name, "epochs": 1}, train_rows=world.rows[:20])[1].history[0].loss
        for name in ("none", "balanced")
    ]
    assert all(map(math.isfinite, first)) and first[0] != first[1]


@pytest.mark.parametrize(("field", "value"), [("mixup", 0.2), ("sampling", "balanced")])
def test_what_needs_one_class_per_picture_is_refused_with_a_sentence(field, value, world, tmp_path):
    with pytest.raises(
        RecipeError, match=f"train.{field} is {value}.*one class per picture.*{world.task.name}.*Set it to"
    ):
        world.fit(tmp_path, {field: value})
    assert not list(tmp_path.iterdir())


def test_early_stopping_follows_the_tasks_own_score(world, tmp_path):
    _, fitted, _ = world.fit(tmp_path, {"epochs": 40, "lr": 1e-9, "early_stopping": {"patience": 2}})
    assert len(fitted.history) < 40 and "stopped early" in fitted.reason


def test_a_budget_in_minutes_is_kept_and_said(world, tmp_path):
    _, fitted, _ = world.fit(tmp_path, {"epochs": None, "minutes": 0.02})
    choice = next(c for c in fitted.choices if c.field == "train.epochs")
    assert choice.value >= 1 and "minutes" in choice.reason
    assert fitted.history[-1].step == fitted.steps


def test_the_rate_finder_suggests_a_rate_and_trains_nothing(world, tmp_path):
    job = world.job(tmp_path)
    before = {name: t.clone() for name, t in job.network.state_dict().items()}
    sweep = find_rate(job, steps=24)
    assert 1e-6 < sweep.suggestion < 10 and len(sweep.rates) >= 12
    assert all(torch.equal(before[name], t) for name, t in job.network.state_dict().items())
    assert not list(tmp_path.iterdir())


def test_validation_counts_every_picture_once_whatever_the_batch(world, tmp_path, monkeypatch):
    curves = []
    for size in (262_144, 3_100):  # pixels at once: all pictures, or as few as a step has
        monkeypatch.setattr("glassnet.training.validation._PIXELS_AT_ONCE", size)
        curves.append(world.fit(tmp_path / str(size), {"batch": 3, "epochs": 1})[1].history)
    np.testing.assert_allclose(curves[0].validation_loss, curves[1].validation_loss, rtol=1e-5)
    np.testing.assert_allclose(curves[0].validation_score, curves[1].validation_score, atol=1e-6)


def test_bf16_learns_too(world, tmp_path):
    _, fitted, _ = world.fit(tmp_path, {"epochs": 4, "precision": "bf16"})
    assert math.isfinite(fitted.history[-1].loss) and fitted.history[-1].loss < fitted.history[0].loss
    assert sum(row.rejected for row in fitted.history) == 0


def test_pictures_without_things_train_along(world, tmp_path):
    targets = world.targets.copy()
    if world.task.name in ("detect", "localize"):
        targets[:9, :, 0] = -1
    else:
        targets[:9] = world.classes.index("background") if world.task.name == "segment" else 0
    _, fitted, _ = world.fit(tmp_path, {"epochs": 2}, targets=targets)
    assert all(math.isfinite(row.loss) for row in fitted.history)


def test_two_views_of_a_symmetrical_network_say_what_one_says(world):
    """A network that only looks at single pixels sees the mirrored picture as the mirror of what it sees."""
    network = world.network()
    network.prepare(augment.to_float(torch.from_numpy(world.pixels)))
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.weight.copy_((module.weight + module.weight.flip(3)) / 2)
        last = network.steps["conv4"]
        last.weight.normal_(generator=torch.Generator().manual_seed(0))
        if world.task.name in ("detect", "localize"):  # left and right distances alike
            last.weight[-2] = last.weight[-4]
        if world.task.name == "instances":  # a way to the centre that has no side
            last.weight[-2] = 0
    one, both = (answers(network, world.task, world.pixels[:5], views=views) for views in ("one", "mirror"))
    if world.task.name == "segment":  # classes that are equally likely may fall either way
        assert (one == both).mean() > 0.95
    else:
        np.testing.assert_allclose(one, both, atol=1e-3)


def test_heat_can_be_looked_at_where_there_is_some(world):
    network = world.network()
    found = heats(network, world.task, world.pixels[:3])
    if world.task.name == "segment":
        assert found is None
    else:
        side = 32 // world.task.head(3)["stride"]
        assert found.shape == (3, side, side) and found.min() >= 0 and found.max() <= 1
