"""What a run does with its recipe, in one process that nothing disturbs."""

import csv
import dataclasses

import numpy as np
import pytest
import torch

from glassnet.errors import DataError, InterruptedRun, RecipeError, StorageError
from glassnet.training import Chosen, EpochDone, Note, StepDone, batches, history
from glassnet.training.torch_engine import TorchEngine


def test_a_run_learns_and_leaves_its_curve(world, tmp_path):
    job, fitted, _ = world.fit(tmp_path, {"epochs": 12})
    assert fitted.history[-1].validation_score > 0.9 > fitted.history[0].train_score
    assert fitted.steps == 12 * 4 == fitted.history[-1].step
    assert history.from_csv((tmp_path / "history.csv").read_text()) == fitted.history
    heading = next(csv.reader((tmp_path / "history.csv").open()))
    assert heading == [
        "epoch", "step", "lr", "loss", "train_score", "validation_loss", "validation_score", "seconds", "images_per_second", "rejected",
    ]  # fmt: skip
    assert not job.network.training


def test_events_tell_what_a_progress_bar_needs(world, tmp_path):
    _, fitted, said = world.fit(tmp_path)
    epochs = [e for e in said if isinstance(e, EpochDone)]
    assert [e.row for e in epochs] == list(fitted.history) and epochs[-1].seconds_left == 0
    first = next(e for e in said if isinstance(e, StepDone))
    assert (first.epoch, first.epochs, first.step, first.steps, first.examples) == (1, 3, 1, 12, 60)
    assert first.loss > 0 and 0 <= first.score <= 1 and first.images_per_second > 0
    assert {e.choice.field for e in said if isinstance(e, Chosen)} == {
        "machine.allocator", "train.device", "train.threads", "train.precision",
    }  # fmt: skip
    assert list(fitted.choices) == [e.choice for e in said if isinstance(e, Chosen)]


def test_the_same_seed_gives_the_same_bits_and_another_does_not(world, tmp_path):
    train, vary = {"mixup": 0.3, "ema": 0.9}, {"flip": "both", "rotate": 20, "cutout": 0.3}
    runs = [world.fit(tmp_path / str(i), train | {"seed": seed}, vary) for i, seed in enumerate([0, 0, 1])]
    weights = [job.network.state_dict()["steps.conv1.weight"] for job, _, _ in runs]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_the_network_holds_the_best_weights_afterwards(world, tmp_path):
    job, fitted, _ = world.fit(tmp_path, {"epochs": 6, "lr": 0.3})  # a rate that jumps about
    scores = fitted.history.validation_score
    assert fitted.best_epoch == best_place(fitted.history) + 1 != 6, (
        "choose another seed: the last epoch must not be the best"
    )
    with torch.inference_mode():
        outputs = job.network(torch.from_numpy(world.pixels[60:]).permute(0, 3, 1, 2).float() / 255).numpy()
    assert (outputs.argmax(1) == world.targets[60:]).mean() == max(scores)


def best_place(curve):
    scored = [i for i in range(len(curve)) if not np.isnan(curve.validation_score[i])]
    return max(scored, key=lambda i: (curve.validation_score[i], -curve.validation_loss[i]))


def test_early_stopping_stops_and_keeps_the_best(world, tmp_path):
    _, fitted, _ = world.fit(
        tmp_path, {"epochs": 60, "validate_every": 1, "lr": 0.3, "early_stopping": {"patience": 2}}
    )
    assert len(fitted.history) < 60
    assert fitted.best_epoch == best_place(fitted.history) + 1
    top = np.maximum.accumulate(fitted.history.validation_score)
    assert top[-1] == top[-3] and (len(top) == 3 or top[-3] > top[-4]), (
        "two epochs without a higher score, and not three"
    )
    assert "stopped early" in fitted.reason


def test_without_validation_pictures_the_last_epoch_is_kept(world, tmp_path):
    _, fitted, _ = world.fit(tmp_path, {"early_stopping": {"patience": 1}}, validation_rows=np.zeros(0, np.int64))
    assert len(fitted.history) == 3 == fitted.best_epoch
    assert all(np.isnan(row.validation_score) for row in fitted.history)
    assert ",,," in (tmp_path / "history.csv").read_text()
    assert "no epoch has a validation score" in fitted.reason


def test_validation_counts_every_picture_once_whatever_the_batch(world, tmp_path, monkeypatch):
    curves = []
    for size in (262_144, 700):  # pixels at once: all thirty pictures, or seven
        monkeypatch.setattr("glassnet.training.validation._PIXELS_AT_ONCE", size)
        curves.append(world.fit(tmp_path / str(size), {"batch": 4})[1].history)
    np.testing.assert_allclose(curves[0].validation_loss, curves[1].validation_loss, rtol=1e-6)


def visited(world, tmp_path, monkeypatch, train, **fields):
    seen, step = {}, TorchEngine.step

    def spy(engine, batch, rate):
        seen.setdefault(batch.epoch, []).append(batch.rows.copy())
        return step(engine, batch, rate)

    monkeypatch.setattr(TorchEngine, "step", spy)
    _, fitted, _ = world.fit(tmp_path, train, **fields)
    return {epoch: np.concatenate(rows) for epoch, rows in seen.items()}, fitted


def test_every_training_picture_is_visited_once_an_epoch_in_a_new_order(world, tmp_path, monkeypatch):
    seen, _ = visited(world, tmp_path, monkeypatch, {})
    for rows in seen.values():
        np.testing.assert_array_equal(np.sort(rows), np.arange(60))
    assert not np.array_equal(seen[0], seen[1])


def test_skip_easy_leaves_out_the_smallest_last_losses_in_the_middle(world, tmp_path, monkeypatch):
    seen, fitted = visited(world, tmp_path, monkeypatch, {"epochs": 10, "skip_easy": 0.3})
    assert [len(seen[e]) for e in range(10)] == [60] + [42] * 8 + [60]
    assert fitted.steps == 2 * 4 + 8 * 3
    assert not np.array_equal(np.sort(seen[1]), np.sort(seen[4])), "who is easy changes"


def test_balanced_sampling_visits_classes_equally(world, tmp_path, monkeypatch):
    rare = np.concatenate([np.flatnonzero(world.targets[:60] == 0), np.flatnonzero(world.targets[:60] == 1)[:3]])
    seen, _ = visited(world, tmp_path, monkeypatch, {"sampling": "balanced"}, train_rows=rare)
    counts = np.bincount(world.targets[seen[0]])
    assert abs(int(counts[0]) - int(counts[1])) <= 1


def test_class_weights_enter_the_loss(world, tmp_path):
    rare = np.concatenate([np.flatnonzero(world.targets[:60] == 0), np.flatnonzero(world.targets[:60] == 1)[:3]])
    first = [
        world.fit(tmp_path / name, {"class_weights": name, "epochs": 1}, train_rows=rare)[1].history[0].loss
        for name in ("none", "balanced")
    ]
    assert first[0] != first[1]


def test_plateau_halves_the_rate_when_validation_stalls(world, tmp_path):
    _, fitted, _ = world.fit(tmp_path, {"schedule": "plateau", "epochs": 12, "lr": 1e-7})
    rates = fitted.history.lr
    assert rates[0] == 1e-7 and rates[-1] < rates[0] and set(np.diff(np.log2(rates)).round(6)) <= {0.0, -1.0}


def test_a_budget_in_minutes_chooses_epochs_and_says_why(world, tmp_path):
    _, fitted, _ = world.fit(tmp_path, {"epochs": None, "minutes": 0.02, "schedule": "linear"})
    choice = next(c for c in fitted.choices if c.field == "train.epochs")
    assert choice.value >= 1 and "minutes" in choice.reason
    assert fitted.history[-1].lr < 0.01 * 0.2, "the schedule came to its end"
    assert fitted.history[-1].step == fitted.steps


def test_a_budget_too_small_for_an_epoch_is_one_epoch_cut_short(world, tmp_path):
    _, fitted, _ = world.fit(tmp_path, {"epochs": None, "minutes": 1e-6})
    assert (len(fitted.history), fitted.steps) == (1, 1)
    assert np.isfinite(fitted.history[0].loss)


def test_the_budget_counts_what_was_spent_before_training(world, tmp_path):
    _, fitted, _ = world.fit(tmp_path, {"epochs": None, "minutes": 0.05}, spent_seconds=1000.0)
    assert fitted.steps == 1


def test_epochs_beside_minutes_are_the_most_there_may_be(world, tmp_path):
    _, fitted, _ = world.fit(tmp_path, {"epochs": 2, "minutes": 1.0})
    assert len(fitted.history) == 2


def test_resume_without_a_checkpoint_starts_and_says_so(world, tmp_path):
    _, fitted, said = world.fit(tmp_path, resume=True)
    assert len(fitted.history) == 3
    assert any(isinstance(e, Note) and "starts from the beginning" in e.text for e in said)


def interrupt(world, tmp_path, monkeypatch, **fields):
    """A run that is stopped after its fifth step."""
    import signal

    step = TorchEngine.step

    def stopping(engine, batch, rate):
        if batch.step == 4:
            signal.raise_signal(signal.SIGTERM)
        return step(engine, batch, rate)

    with monkeypatch.context() as patch:
        patch.setattr(TorchEngine, "step", stopping)
        with pytest.raises(InterruptedRun, match="epoch 2 of 3, after step 5 of 12"):
            world.fit(tmp_path, **fields)


def test_signal_handlers_are_put_back(world, tmp_path, monkeypatch):
    import signal

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    interrupt(world, tmp_path, monkeypatch)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_other_pictures_are_refused_on_resume(world, tmp_path, monkeypatch):
    interrupt(world, tmp_path, monkeypatch)
    with pytest.raises(DataError, match="not those that this run began with"):
        world.fit(tmp_path, resume=True, train_rows=np.arange(59))


def test_another_network_is_refused_on_resume(world, tmp_path, monkeypatch):
    interrupt(world, tmp_path, monkeypatch)
    with pytest.raises(StorageError, match="another one"):
        world.fit(tmp_path, resume=True, network=world.network(["flatten", {"dense": "classes"}]))


def test_threads_and_precision_of_a_resumed_run_are_the_recorded_ones(world, tmp_path, monkeypatch):
    interrupt(world, tmp_path, monkeypatch, train={"precision": "bf16"})
    used, step = set(), TorchEngine.step
    monkeypatch.setattr(
        TorchEngine, "step", lambda e, b, r: used.add((e.precision, torch.get_num_threads())) or step(e, b, r)
    )
    _, fitted, _ = world.fit(tmp_path, resume=True, train={"precision": "fp32", "threads": 3})
    assert used == {("bf16", 1)}
    assert {c.field: c.value for c in fitted.choices}["train.precision"] == "bf16"


def test_the_number_of_threads_of_the_caller_is_put_back(world, tmp_path):
    torch.set_num_threads(2)
    world.fit(tmp_path, {"threads": 1})
    assert torch.get_num_threads() == 2


def test_unresolved_settings_are_refused_before_anything_is_written(world, tmp_path):
    with pytest.raises(RecipeError, match="must be resolved"):
        world.fit(tmp_path, {"lr": None})
    assert not list(tmp_path.iterdir())


def test_no_training_pictures_are_refused(world, tmp_path):
    with pytest.raises(DataError, match="not one training picture"):
        world.fit(tmp_path, train_rows=np.zeros(0, np.int64))


def test_whitened_layers_are_measured_on_training_pictures_alone(world, tmp_path):
    layers = [{"standardize": None}, {"conv": 4, "initial": "whiten"}, {"global_pool": "avg"}, {"dense": "classes"}]
    poisoned = world.pixels.copy()
    poisoned[60:] = 255  # validation must not be looked at
    networks = []
    for name, pixels in (("clean", world.pixels), ("poisoned", poisoned)):
        job = dataclasses.replace(
            world.job(tmp_path / name, {"epochs": 1, "lr": 1e-12}, network=world.network(layers)), pixels=pixels
        )
        from glassnet.training import fit

        fit(job)
        networks.append(job.network)
    expected = (world.pixels[:60] / 255).mean((0, 1, 2))
    np.testing.assert_allclose(networks[1].steps["standardize1"].mean.numpy(), expected, rtol=1e-5)
    assert torch.equal(networks[0].steps["conv1"].weight, networks[1].steps["conv1"].weight)


@pytest.mark.parametrize(
    "n,batch,expected", [(10, 4, [0, 4, 8, 10]), (9, 4, [0, 4, 9]), (8, 4, [0, 4, 8]), (1, 4, [0, 1]), (3, 8, [0, 3])]
)
def test_edges_of_batches(n, batch, expected):
    assert batches.edges(n, batch) == expected


@pytest.mark.parametrize("n", [0, 1, 2, 7, 16])
@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_shares_of_a_batch_are_the_whole(n, processes):
    parts = [batches.share(10, 10 + n, rank, processes) for rank in range(processes)]
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(10, 10 + n))
    assert max(p.stop - p.start for p in parts) - min(p.stop - p.start for p in parts) <= 1


def test_batches_from_the_middle_of_an_epoch_are_those_of_the_whole(world, tmp_path):
    recipe = world.job(tmp_path, {"mixup": 0.2}, {"flip": "horizontal", "shift": 0.2, "cutout": 0.2}).recipe
    source = batches.Source(lambda r: world.pixels[r], world.targets, world.rows, 10, 10, recipe.train, recipe.augment)
    visit = source.visit(1, np.full(90, np.nan), 0.5)
    whole = list(source.batches(1, visit, 100))
    rest = list(source.batches(1, visit, 102, start=32))
    assert [b.step for _, b in whole] == [100, 101, 102, 103]
    assert [place for place, _ in rest] == [place for place, _ in whole[2:]]
    for (_, one), (_, other) in zip(whole[2:], rest, strict=True):
        assert (one.step, one.epoch, one.count) == (other.step, other.epoch, other.count)
        for name in ("rows", "pixels", "targets", "partner_pixels", "partner_targets"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(one.draws.matrices, other.draws.matrices)
        np.testing.assert_array_equal(one.draws.boxes, other.draws.boxes)
        np.testing.assert_array_equal(one.mix.weights, other.mix.weights)
