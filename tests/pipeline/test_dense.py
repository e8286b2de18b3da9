"""Boxes and masks the whole way, as a user walks it: train, interrupted or not, eval, predict, on forty small drawn pictures."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

import glassnet as gn
from glassnet.cli import main
from glassnet.data.builtin import shapes
from glassnet.errors import DataError, RecipeError
from glassnet.pipeline import find_rate
from glassnet.recipe import recipe_from

TASKS = ("localize", "detect", "segment", "instances")
BAD = "07.png"
# A decoder of one's own keeps these networks small; {outputs} is what the task reads.
LAYERS = (
    "[{conv: 8, padding: same, bias: false}, batch_norm, relu, {maxpool: 2}, {conv: 12, padding: same, bias: false}, batch_norm, relu, "
    "{maxpool: 2}, {conv: 16, padding: same, activation: relu}, {decoder: 12, stride: %d}, {conv: %d, kernel: 1}]"
)
HEADS = {"localize": (4, 7), "detect": (4, 7), "segment": (2, 4), "instances": (2, 6)}


def options(name, epochs=4, **more):
    chosen = {
        "--task": name, "--network": LAYERS % HEADS[name], "--epochs": epochs, "--batch": 8, "--lr": 0.01, "--threads": 1,
        "--precision": "fp32", "--device": "cpu", "--size": 48, "--train.views": "mirror",
    } | {f"--{key}": value for key, value in more.items()}  # fmt: skip
    return [str(word) for pair in chosen.items() for word in pair]


def write(root, single):
    """Write forty pictures and a COCO file; the annotation of one picture is no good."""
    pictures, annotated = shapes.draw(40, single)
    (root / "images").mkdir(parents=True)
    images, things = [], []
    for i, (pixels, found) in enumerate(zip(pictures, annotated, strict=True)):
        Image.fromarray(pixels[::2, ::2]).save(root / "images" / f"{i:02}.png")
        images.append({"id": 3 * i + 10, "file_name": f"{i:02}.png", "height": 48, "width": 48})
        for thing in found:
            x1, y1, x2, y2 = (side / 2 for side in thing.box)
            flat = (
                np.repeat(np.arange(len(thing.shape.counts)) % 2, thing.shape.counts).reshape(96, 96)[::2, ::2].ravel()
            )
            ends = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]])
            counts = np.diff(np.r_[ends, flat.size]).tolist()
            box = [x1, y1, x2 - x1, y2 - y1]
            rle = {"size": [48, 48], "counts": [0, *counts] if flat[0] else counts}
            if f"{i:02}.png" == BAD:
                box, rle = [10.0, 10.0, -5.0, 4.0], {"size": [48, 48], "counts": [5, 9_000_000]}
            things.append(
                {
                    "id": len(things) + 1,
                    "image_id": 3 * i + 10,
                    "category_id": shapes.CLASSES.index(thing.label) + 4,
                    "bbox": box,
                    "iscrowd": 0,
                    **({} if single else {"segmentation": rle}),
                }
            )
    categories = [{"id": i + 4, "name": name} for i, name in enumerate(shapes.CLASSES)]
    (root / "annotations.json").write_text(
        json.dumps({"images": images, "annotations": things, "categories": categories})
    )
    return root


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    single, many = write(root / "one", True), write(root / "many", False)
    return {name: single if name == "localize" else many for name in TASKS}


@pytest.fixture(scope="module", params=TASKS)
def trained(request, photos, tmp_path_factory):
    """(task, run, what was said)."""
    import contextlib
    import io

    out, said = tmp_path_factory.mktemp(request.param), io.StringIO()
    with contextlib.redirect_stdout(said):
        code = main(["train", str(photos[request.param]), "--out", str(out), *options(request.param)])
    assert code == 0, said.getvalue()
    return request.param, gn.load(out=out), said.getvalue()


def test_training_leaves_a_whole_run_folder(trained):
    name, run, _ = trained
    names = {path.name for path in run.folder.path.iterdir()}
    assert {
        "recipe.yaml", "environment.json", "choices.json", "audit.json", "data.lock.json", "history.csv", "model.safetensors",
        "model.json", "scores.json", "verdict.json", "run.json", "report.html",
    } <= names  # fmt: skip
    assert run.recipe.data.task == name and len(run.history) == 4
    scores = run.scores["validation"]
    assert scores.task == name and scores.headline == {"localize": "mean_iou", "segment": "mean_iou"}.get(name, "AP50")
    main_figure = scores.main
    assert 0 <= main_figure.low <= main_figure.value <= main_figure.high <= 1 and scores.trivial
    assert run.summary().parameters == sum(
        tensor.size for key, tensor in load_file(run.folder.model).items() if key.endswith(("weight", "bias"))
    )
    assert run.report.stat().st_size > 10_000


def test_a_picture_with_a_bad_annotation_is_never_trained_on_and_named(trained):
    _, run, said = trained
    rows = np.concatenate([run.lock.train, run.lock.validation, run.lock.test])
    keys = " ".join(run.lock.keys[row] for row in rows)
    assert BAD not in keys and "08.png" in keys
    assert len(run.lock.train) + len(run.lock.validation) + len(run.lock.test) == 39
    assert BAD in said


def test_the_threshold_is_chosen_on_validation_and_travels_with_the_model(trained):
    name, run, _ = trained
    threshold = run.predictor.threshold
    if name in ("detect", "instances"):
        assert 0 < threshold <= 1 and run.scores["validation"].tables["threshold"] == pytest.approx(threshold)
    else:
        assert threshold is None


def test_eval_opens_the_sealed_test_set_and_counts(trained, capsys):
    name, run, _ = trained
    out = str(run.folder.path.parent)
    if "test" not in run.scores:
        assert run.test_opened == 0
        assert main(["eval", "--out", out]) == 0
        assert "for the first time" in capsys.readouterr().out
    assert run.scores["test"].task == name and 0 <= run.scores["test"].main.value <= 1
    before = run.scores["test"].main.value
    assert main(["eval", "--out", out]) == 0
    assert "opened 2 times" in capsys.readouterr().out and run.scores["test"].main.value == before
    if name in ("detect", "instances"):
        assert run.scores["test"].tables["threshold"] == pytest.approx(run.predictor.threshold), (
            "the same threshold everywhere"
        )


def test_python_answers_arrays_and_files_alike_in_original_pixels(trained, photos):
    name, run, _ = trained
    file = photos[name] / "images" / "03.png"
    pixels = np.asarray(Image.open(file))
    one, other = run.predict(str(file)), run.predict(pixels)
    assert one.answer.as_dict() == other.answer.as_dict()
    wide = run.predict(np.repeat(np.repeat(pixels, 2, 0), 2, 1))
    if name == "segment":
        assert one.answer.pixels.shape == (48, 48) and wide.answer.pixels.shape == (96, 96)
    else:
        assert (one.answer.height, wide.answer.height) == (48, 96)
        assert all(0 <= v <= 96 for thing in wide.answer.found for v in thing.box)
    json.dumps([each.as_dict() for each in run.predict([str(file), pixels])], allow_nan=False)


def test_changed_annotations_are_refused_at_eval(photos, tmp_path, capsys):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(photos["detect"], copy)
    out = str(tmp_path / "runs")
    assert main(["train", str(copy), "--out", out, *options("detect", epochs=1)]) == 0
    values = json.loads((copy / "annotations.json").read_text())
    values["annotations"][0]["bbox"][2] += 1
    values["annotations"][0]["segmentation"]["counts"][0] += 1
    values["annotations"][0]["segmentation"]["counts"][-1] -= 1
    (copy / "annotations.json").write_text(json.dumps(values))
    capsys.readouterr()
    assert main(["eval", "--out", out]) == 3
    assert "changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--train.mixup", "0.2"], "mixup"),
        (["--train.sampling", "balanced"], "sampling"),
        (["--network", "[flatten, {dense: classes}]"], "no convolution"),
        (
            ["--network", "[{conv: 4, padding: same}, {decoder: 8, stride: 2}, {conv: 7, kernel: 1}]"],
            "one value per 4 pixels",
        ),
    ],
)
def test_what_does_not_fit_boxes_is_refused_before_training(extra, said, photos, tmp_path, capsys):
    arguments = options("detect")
    if "--network" in extra:
        at = arguments.index("--network")
        del arguments[at : at + 2]
    assert main(["train", str(photos["detect"]), "--out", str(tmp_path), *arguments, *extra]) == 2
    assert said in capsys.readouterr().err


def test_a_task_that_the_annotations_cannot_answer_is_refused(photos, tmp_path):
    with pytest.raises((DataError, RecipeError), match="segment"):
        gn.train(photos["localize"], out=tmp_path, task="segment", epochs=1)


@pytest.mark.parametrize("name", ["detect", "segment"])
def test_the_rate_finder_finds_and_makes_no_run(name, photos, tmp_path):
    recipe = recipe_from(
        {
            "data": {"root": str(photos[name]), "task": name, "size": 48},
            "network": "mini",
            "train": {"batch": 8, "threads": 1, "precision": "fp32"},
        }
    )
    found = find_rate(recipe, out=tmp_path)
    assert (
        1e-6 < found.sweep.suggestion < 10
        and found.page.exists()
        and f"--lr {found.sweep.suggestion:.2g}" in found.command
    )
    assert not [path for path in tmp_path.iterdir() if path.is_dir() and not path.name.startswith(".")]


def test_minutes_plan_the_epochs(photos, tmp_path, capsys):
    arguments = options("instances")
    at = arguments.index("--epochs")
    arguments[at : at + 2] = ["--minutes", "0.05"]
    assert main(["train", str(photos["instances"]), "--out", str(tmp_path), *arguments]) == 0
    assert "minutes" in capsys.readouterr().out
    run = gn.load(out=tmp_path)
    assert len(run.history) >= 1 and run.scores["validation"].task == "instances"


def glassnet(*arguments, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "glassnet", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        **more,
    )


def same_curve(one, other):
    for column in ("loss", "train_score", "validation_loss", "validation_score", "lr"):
        assert repr(getattr(one.history, column)) == repr(getattr(other.history, column)), column


def test_a_stopped_run_resumes_to_the_same_bits(photos, tmp_path):
    name, whole = "detect", options("detect", epochs=30)
    process = glassnet("train", photos[name], "--out", tmp_path / "stopped", *whole)
    for line in process.stdout:
        if line.startswith("  epoch ") and int(line.split()[1].split("/")[0]) >= 5:
            break
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 75, said
    assert main(["resume", "--out", str(tmp_path / "stopped")]) == 0
    assert main(["train", str(photos[name]), "--out", str(tmp_path / "whole"), *whole]) == 0
    stopped, undisturbed = gn.load(out=tmp_path / "stopped"), gn.load(out=tmp_path / "whole")
    before, after = (load_file(run.folder.model) for run in (undisturbed, stopped))
    assert all(np.array_equal(before[key], after[key]) for key in before)
    same_curve(undisturbed, stopped)
    assert stopped.scores["validation"].as_dict() == undisturbed.scores["validation"].as_dict()
    assert stopped.predictor.threshold == undisturbed.predictor.threshold


@pytest.mark.skipif(sys.platform == "win32", reason="gloo and torchrun are tested where they are used")
def test_torchrun_learns_what_one_process_learns(photos, tmp_path):
    arguments = ["train", str(photos["segment"]), "--out"]
    process = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
            "-m", "glassnet", *arguments, str(tmp_path / "two"), *options("segment", epochs=3),
        ],
        capture_output=True, text=True, timeout=300, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr[-2000:]
    assert main([*arguments, str(tmp_path / "one"), *options("segment", epochs=3)]) == 0
    one, two = gn.load(out=tmp_path / "one"), gn.load(out=tmp_path / "two")
    assert one.history.step == two.history.step
    np.testing.assert_allclose(one.history.loss, two.history.loss, rtol=1e-3)
    np.testing.assert_allclose(one.history.validation_loss[:1], two.history.validation_loss[:1], rtol=2e-3)


def test_validation_without_a_thing_costs_the_score_and_not_the_network(tmp_path, capsys):
    """Sixteen pictures with one square each to train on, eight of background to validate on."""
    generator = np.random.default_rng(0)
    for part, count in (("train", 16), ("val", 8)):
        for kind in ("images", "labels"):
            (tmp_path / "set" / kind / part).mkdir(parents=True)
        for i in range(count):
            pixels = generator.integers(0, 60, (48, 48, 3)).astype(np.uint8)
            label = ""
            if part == "train":
                pixels[12:28, 8 + i : 24 + i] = 220
                label = f"0 {(16 + i) / 48} {20 / 48} {16 / 48} {16 / 48}\n"
            Image.fromarray(pixels).save(tmp_path / "set" / "images" / part / f"{i}.png")
            (tmp_path / "set" / "labels" / part / f"{i}.txt").write_text(label)
    (tmp_path / "set" / "data.yaml").write_text("names: [square]\nnc: 1\ntrain: images/train\nval: images/val\n")
    layers = LAYERS % (4, 5)
    words = ["train", str(tmp_path / "set"), "--out", str(tmp_path / "runs"), *options("detect", epochs=2)]
    words[words.index("--network") + 1] = layers
    assert main([*words, "--data.test", "0"]) == 0
    assert "no score on validation" in capsys.readouterr().out
    run = gn.load("last", out=tmp_path / "runs")
    assert run.scores == {} and run.predict(str(tmp_path / "set/images/val/0.png")).answer is not None
