"""A run done again from its record: the same bits on the same machine, and in words what is not the same."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file
from tests.pipeline.discs import draw_discs

import glassnet as gn
from glassnet.data.readers.arrays import from_arrays
from glassnet.errors import DataError, NumericError, RecipeError
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.recorded import Work, carry_out, write_beginning
from glassnet.pipeline.reproducing import reproduce
from glassnet.pipeline.side_by_side import compare
from glassnet.runs.folder import RunFolder
from glassnet.runs.ledger import Ledger

QUICK = {"network": "mini", "batch": 8, "lr": 0.01, "device": "cpu", "quiet": True}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Red and blue discs, faint enough that not every answer is right."""
    return draw_discs(tmp_path_factory.mktemp("pictures") / "discs", noise=120, faintest=110)


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory):
    """Trained with early stopping and dropout, with nothing said of precision and threads."""
    out = tmp_path_factory.mktemp("runs")
    augment = {"shift": 0.1, "flip": "horizontal"}
    return gn.train(photos, out=out, epochs=12, early_stopping=4, dropout=0.2, augment=augment, **QUICK)


@pytest.fixture(scope="module")
def done_again(trained):
    before = {path.name: path.read_bytes() for path in trained.folder.path.iterdir() if path.is_file()}
    return before, reproduce(trained, quiet=True)


def edit(path, change):
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def test_the_same_machine_gives_the_same_bits(trained, done_again):
    _, result = done_again
    assert result.verdict == "identical" and result.exit_code == 0 and result.results == ()
    assert result.epochs == len(trained.history) and result.tensors and result.figures
    assert result.weights[0] == result.weights[1]
    assert "bit-identical" in result.text()
    assert {difference.what for difference in result.around} <= {"code"}  # a commit may come in between
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (trained.folder.path, result.folder))
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_it_is_a_run_like_any_other_and_nothing_of_the_first_is_touched(trained, done_again):
    before, result = done_again
    out = trained.folder.path.parent
    assert result.again == f"{trained.name}-again-001"
    assert {path.name: path.read_bytes() for path in trained.folder.path.iterdir() if path.is_file()} == before
    row = Ledger(out).row(result.again)
    assert (row.status, row.test_opened, row.sweep) == ("done", 0, None)
    again = gn.load(result.again, out=out)
    assert again.report.exists() and again.scores["validation"].main.value == trained.scores["validation"].main.value
    assert json.loads((result.folder / "reproduced.json").read_text()) == json.loads(json.dumps(result.as_dict()))
    reasons = {choice.field: choice.reason for choice in trained.folder.read_choices()}
    kept = {choice.field: choice.reason for choice in again.folder.read_choices()}
    assert kept["train.weight_decay" if "train.weight_decay" in reasons else "data.size"] in reasons.values()


def test_threads_of_ones_own_are_said(trained):
    recorded = {choice.field: choice.value for choice in trained.folder.read_choices()}["train.threads"]
    asked = 1 if recorded > 1 else 2
    result = reproduce(trained, quiet=True, threads=asked)
    other = {difference.what: difference for difference in result.around}["threads"]
    assert (other.before, other.now) == (recorded, asked)
    assert f"threads: {recorded} then, {asked} now" in result.text()


def test_a_changed_picture_a_new_one_and_one_that_is_gone_are_named_before_anything_is_trained(photos, tmp_path):
    copy, out = tmp_path / "discs", tmp_path / "runs"
    shutil.copytree(photos, copy)
    gn.train(copy, out=out, epochs=1, **QUICK)
    Image.new("RGB", (16, 16), "green").save(copy / "red" / "00.png")
    Image.new("RGB", (16, 16), "orange").save(copy / "red" / "new.png")
    (copy / "blue" / "05.png").unlink()
    with pytest.raises(DataError, match="cannot be run again") as refused:
        reproduce("last", out, quiet=True)
    for word in ("1 changed (red/00.png)", "1 added (red/new.png)", "1 removed (blue/05.png)"):
        assert word in str(refused.value)
    assert len(Ledger(out).rows()) == 1 and not [*out.glob("*again*")]


def test_a_changed_label_is_named_with_both_classes(photos, tmp_path):
    copy, out = tmp_path / "table", tmp_path / "runs"
    (copy / "images").mkdir(parents=True)
    lines = ["file,label"]
    for picture in sorted(photos.rglob("*.png")):
        name = f"{picture.parent.name}-{picture.name}"
        shutil.copy(picture, copy / "images" / name)
        lines.append(f"{name},{picture.parent.name}")
    (copy / "labels.csv").write_text("\n".join(lines) + "\n")
    gn.train(copy, out=out, epochs=1, **QUICK)
    (copy / "labels.csv").write_text("\n".join(lines).replace("red-03.png,red", "red-03.png,blue") + "\n")
    with pytest.raises(DataError, match=r"1 relabelled \(.*red-03.png: red → blue\)"):
        reproduce("last", out, quiet=True)


@pytest.mark.parametrize("minutes", [0.0001, 0.03])
def test_what_a_clock_decided_is_done_again_without_one(photos, tmp_path, minutes):
    run = gn.train(photos, out=tmp_path, minutes=minutes, schedule="one_cycle", **QUICK)
    result = reproduce(run, quiet=True)
    assert result.verdict == "identical", result.text()
    again = gn.load(result.again, out=tmp_path)
    assert again.recipe.train.minutes is None and again.history.step == run.history.step


def test_a_plan_that_the_clock_changed_on_the_way_is_followed(photos, tmp_path):
    """A clock that is asked at every epoch changes plans at will; here its record says where."""
    from glassnet.pipeline.training import train

    class Slow(Observer):
        def training(self, event):
            if type(event).__name__ == "EpochDone" and event.row.epoch < 12:
                import time

                time.sleep(0.15)

    recipe = gn.Recipe().changed(
        {
            "data.root": str(photos), "network": "mini", "train.minutes": 0.05, "train.batch": 8, "train.lr": 0.01,
            "train.threads": 1, "train.device": "cpu", "train.schedule": "one_cycle",
        }
    )  # fmt: skip
    run = train(recipe, tmp_path, observer=Slow())
    plans = next(choice.value for choice in run.folder.read_choices() if choice.field == "train.steps")
    assert len(plans) > 1
    assert reproduce(run, quiet=True).verdict == "identical"


@pytest.mark.parametrize("task", ["detect", "segment"])
def test_boxes_and_masks_too(task, tmp_path):
    draw, lines = np.random.default_rng(0), ["file,label,x1,y1,x2,y2"]
    root = tmp_path / "squares"
    for folder in ("images", *(["masks"] if task == "segment" else [])):
        (root / folder).mkdir(parents=True)
    for i in range(30):
        picture, mask = draw.integers(0, 120, (32, 32, 3), dtype=np.uint8), np.zeros((32, 32), np.uint8)
        y, x = draw.integers(0, 22, 2)
        picture[y : y + 9, x : x + 9, 0], mask[y : y + 9, x : x + 9] = 230, 1
        Image.fromarray(picture).save(root / "images" / f"{i:02}.png")
        lines.append(f"{i:02}.png,square,{x},{y},{x + 9},{y + 9}")
        if task == "segment":
            Image.fromarray(mask).save(root / "masks" / f"{i:02}.png")
    if task == "detect":
        (root / "boxes.csv").write_text("\n".join(lines) + "\n")
    settings = {"network": "mini", "task": task, "epochs": 3, "batch": 8, "lr": 0.01, "threads": 1, "device": "cpu"}
    run = gn.train(root, out=tmp_path / "runs", quiet=True, **settings)
    result = reproduce(run, quiet=True)
    assert result.verdict == "identical", result.text()
    assert result.headline_name == run.scores["validation"].headline


def test_arrays_are_asked_for_and_taken(tmp_path):
    draw = np.random.default_rng(0)
    labels = np.arange(40) % 2
    pictures = (draw.integers(0, 120, (40, 16, 16, 3)) + 100 * labels[:, None, None, None]).astype(np.uint8)
    estimator = gn.ImageClassifier(network="mini", epochs=2, batch=8, out=tmp_path, verbose=False)
    estimator.fit(pictures, labels)
    with pytest.raises(RecipeError, match="arrays in memory"):
        reproduce("last", tmp_path, quiet=True)
    result = reproduce("last", tmp_path, quiet=True, catalog=from_arrays(pictures, labels.tolist()))
    assert result.verdict == "identical", result.text()


def _planned(trained, out, recipe):
    """A run of this recipe over the pictures of `trained`, planned and claimed as a sweep does it."""
    import time

    from glassnet.pipeline.logged import Logged
    from glassnet.pipeline.prepare import prepare
    from glassnet.runs import names

    ledger = Ledger(out)
    prepared = prepare(recipe, out, Observer())
    folder = names.create(out, "tried")
    number = ledger.plan(folder.name, recipe, folder, task="classify")
    write_beginning(folder, recipe, (), prepared)
    return Work(folder, ledger, ledger.claim(number), recipe, prepared, Logged(Observer()), time.monotonic())


def test_a_run_that_was_given_up_is_given_up_again_after_the_same_epoch(trained, tmp_path):
    work = _planned(trained, tmp_path, trained.recipe.changed({"train.threads": 1, "train.precision": "fp32"}))
    assert carry_out(work, False, judge=lambda row: "the others were better" if row.epoch == 3 else None) is None
    result = reproduce(work.folder.name, tmp_path, quiet=True)
    assert (result.verdict, result.epochs, result.weights) == ("identical", 3, None)
    row = Ledger(tmp_path).row(result.again)
    assert row.status == "pruned" and row.epochs_done == 3 and work.folder.name in row.sentence


def test_a_failure_that_comes_back_is_the_same_answer(trained, tmp_path):
    settings = {
        "train.lr": 1e30,
        "train.optimizer": "sgd",
        "train.schedule": "constant",
        "train.bad_steps": 2,
        "train.clip": 0,
    }
    work = _planned(
        trained, tmp_path, trained.recipe.changed(settings | {"train.threads": 1, "train.precision": "fp32"})
    )
    with pytest.raises(NumericError):
        carry_out(work, False)
    result = reproduce(work.folder.name, tmp_path, quiet=True)
    assert result.verdict == "identical", result.text()
    assert Ledger(tmp_path).row(result.again).exit_code == 7
    assert "failed again before its first epoch" in result.text() and "a NaN or an infinity" in result.text()


def copied(trained, tmp_path):
    shutil.copytree(trained.folder.path, tmp_path / trained.name)
    return RunFolder(tmp_path / trained.name)


def test_the_first_epoch_and_column_that_differ_are_named(trained, done_again, tmp_path):
    again = copied(trained, tmp_path)
    lines = again.history.read_text().splitlines()
    cells = lines[2].split(",")
    cells[5] = repr(np.nextafter(float(cells[5]), 9.0).item())
    lines[2] = ",".join(cells)
    lines[3] = lines[3].replace(lines[3].split(",")[3], "0.5", 1)
    again.history.write_text("\n".join(lines) + "\n")
    result = compare(trained.folder, again)
    assert result.verdict == "within" and result.exit_code == 0
    assert result.results[0].before[:2] == [2, "validation_loss"]
    assert "history: first in epoch 2, validation loss" in result.text()


def test_one_bit_of_one_weight_is_seen_and_a_score_outside_the_interval_is_different(trained, tmp_path):
    again = copied(trained, tmp_path)
    weights = load_file(again.model)
    name = sorted(weights)[1]
    weights[name].reshape(-1)[0] = np.nextafter(weights[name].reshape(-1)[0], np.float32(9))
    save_file(weights, again.model, metadata={"other": "words"})
    one_bit = compare(trained.folder, again)
    assert one_bit.verdict == "within" and [difference.what for difference in one_bit.results] == ["weights"]
    assert name in one_bit.text() and f"1 of {len(weights)} tensors" in one_bit.text()

    def worse(scores):
        scores["validation"]["figures"]["accuracy"] |= {"value": 0.01, "low": 0.0, "high": 0.1}

    edit(again.scores, worse)
    result = compare(trained.folder, again)
    assert result.verdict == "different" and result.exit_code == 1
    assert "leaves out zero" in result.text()


def test_what_differs_around_a_run_comes_in_the_order_in_which_it_decides(trained, done_again, tmp_path):
    again = copied(trained, tmp_path)

    def elsewhere(environment):
        environment["glassnet"] = {"version": "9.9.9", "commit": None, "modified": None}
        environment["packages"]["torch"] = "1.0"
        environment["processor"]["model"] = "Another Processor"

    edit(again.environment, elsewhere)
    result = compare(trained.folder, again)
    assert result.verdict == "identical"
    assert [difference.what for difference in result.around] == ["code", "packages", "machine"]
    assert result.first.what == "code" and "torch" in result.text() and "Another Processor" in result.text()


def test_what_has_not_ended_cannot_be_run_again(trained, tmp_path):
    again = copied(trained, tmp_path)
    edit(again.record, lambda values: values.update(status="interrupted"))
    with pytest.raises(RecipeError, match="glassnet resume"):
        reproduce(again.name, tmp_path, quiet=True)
    edit(again.record, lambda values: values.update(status="failed"))
    again.lock.unlink()
    with pytest.raises(RecipeError, match="nothing to run again"):
        reproduce(again.name, tmp_path, quiet=True)
