"""`predict` with networks that answer where: drawn pictures, answers as JSON, other tools' formats, a watched folder."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from glassnet.cli import main
from glassnet.data.builtin import shapes
from glassnet.data.pixels import PixelSettings
from glassnet.data.readers import recognise
from glassnet.networks.files import save_model
from glassnet.networks.network import build
from glassnet.networks.presets import layers_of
from glassnet.tasks import task

TASKS = ("localize", "detect", "segment", "instances")


def made(name, folder):
    """Save a network that answers something different at every place, and much of it."""
    asked, shape = task(name), (3, 48, 48)
    classes = ("background", "circle", "square") if name == "segment" else ("circle", "square")
    head = asked.head(len(classes))
    network = build(layers_of("mini", shape, classes, 0.0, head), shape, classes, seed=3)
    generator = torch.Generator().manual_seed(0)
    last = network.steps["map"]
    with torch.no_grad():
        last.weight.normal_(0, 0.15, generator=generator)
        if name in ("detect", "localize", "instances"):
            last.bias[:2] = 3.5
        if name == "instances":
            last.bias[2] = 1.0
    threshold = {"threshold": 0.25} if name in ("detect", "instances") else {}
    pixels = PixelSettings(48, 48, "pad")
    save_model(folder, network.eval(), task=name, pixels=pixels, extra={"views": "one", **threshold})
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {name: made(name, root / name) for name in TASKS}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A square PNG, a wide one, and a JPEG that its EXIF tag turns upright."""
    root = tmp_path_factory.mktemp("pictures")
    drawn, _ = shapes.draw(3)
    Image.fromarray(drawn[0]).save(root / "a.png")
    Image.fromarray(np.concatenate([drawn[1], drawn[2][:, :44]], 1)).save(root / "b.png")
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(drawn[2][:60]).save(root / "c.jpg", exif=exif, quality=95)
    return root


SIZES = {"a.png": (96, 96), "b.png": (96, 140), "c.jpg": (96, 60)}  # height, width, upright


def predict(capsys, *arguments):
    capsys.readouterr()
    code = main(["predict", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("name", TASKS)
def test_answers_are_drawn_and_written_in_the_pictures_own_pixels(name, models, pictures, tmp_path, capsys):
    code, out, _ = predict(capsys, pictures, "--model", models[name], "--out", tmp_path / "drawn")
    assert code == 0 and "3 pictures drawn" in out
    answers = json.loads((tmp_path / "drawn" / "answers.json").read_text())
    assert [Path(answer["picture"]).name for answer in answers] == list(SIZES)
    for answer, (file, (height, width)) in zip(answers, SIZES.items(), strict=True):
        drawn = Image.open(tmp_path / "drawn" / file)
        assert drawn.width / drawn.height == pytest.approx(width / height, rel=0.25), "with a legend beside it perhaps"
        if name == "segment":
            assert answer["size"] == [height, width] and sum(length for _, length in answer["rows"]) == height * width
            continue
        assert (answer["height"], answer["width"]) == (height, width)
        assert len(answer["things"]) == 1 if name == "localize" else answer["things"]
        for thing in answer["things"]:
            x1, y1, x2, y2 = thing["box"]
            assert 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height
            if name == "instances":
                assert thing["mask"]["size"] == [height, width] and sum(thing["mask"]["counts"]) == height * width
    original = np.asarray(Image.open(pictures / "a.png"))
    assert not np.array_equal(np.asarray(Image.open(tmp_path / "drawn" / "a.png").convert("RGB"))[:96, :96], original)


FORMATS = [
    ("detect", "coco"), ("detect", "yolo"), ("detect", "voc"), ("detect", "csv"), ("localize", "voc"), ("localize", "csv"),
    ("instances", "coco"), ("instances", "masks"), ("segment", "masks"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "form"), FORMATS)
def test_what_another_tool_reads_is_what_was_answered(name, form, models, pictures, tmp_path, capsys):
    code, _, err = predict(capsys, pictures, "--model", models[name], "--out", tmp_path / "drawn", "--format", form)
    assert code == 0, err
    folder = tmp_path / "drawn" / form
    assert folder.is_dir() and any(folder.rglob("*"))
    answers = json.loads((tmp_path / "drawn" / "answers.json").read_text())
    text = "\n".join(path.read_text() for path in folder.rglob("*") if path.suffix in (".json", ".txt", ".xml", ".csv"))
    if name in ("detect", "localize"):
        assert all(thing["label"] in text or form == "yolo" for answer in answers for thing in answer["things"])
    if form == "coco":
        values = json.loads(next(folder.rglob("*.json")).read_text())
        found = values["annotations"]
        assert len(found) == sum(len(answer["things"]) for answer in answers)
        assert sorted(round(each["score"], 4) for each in found) == sorted(
            round(thing["confidence"], 4) for answer in answers for thing in answer["things"]
        )
    if form == "masks" and name == "segment":
        masks = list(folder.rglob("*.png"))
        assert len(masks) >= 3 and {Image.open(path).size for path in masks} >= {(w, h) for h, w in SIZES.values()}


def test_boxes_in_coco_are_read_back_as_they_were_answered(models, pictures, tmp_path, capsys):
    import shutil

    predict(capsys, pictures, "--model", models["detect"], "--out", tmp_path / "drawn", "--format", "coco")
    folder = tmp_path / "drawn" / "coco"
    for file in SIZES:
        if not list(folder.rglob(file)):
            shutil.copy(pictures / file, folder / file)
    catalog = recognise(folder, task="detect")
    answers = {
        Path(each["picture"]).name: each for each in json.loads((tmp_path / "drawn" / "answers.json").read_text())
    }
    assert len(catalog.examples) == 3
    for example in catalog.examples:
        told = sorted(tuple(thing["box"]) for thing in answers[Path(example.key).name]["things"])
        read = sorted(thing.box for thing in example.annotation.things)
        np.testing.assert_allclose(read, told, atol=0.01)


@pytest.mark.parametrize("name", ["detect", "instances"])
def test_the_threshold_says_which_answers_are_given(name, models, pictures, capsys):
    def found(*more):
        code, out, _ = predict(capsys, pictures, "--model", models[name], "--json", *more)
        assert code == 0
        answers = json.loads(out)["answers"]
        return {answer["threshold"] for answer in answers}, [
            t["confidence"] for each in answers for t in each["things"]
        ]

    chosen, usual = found()
    assert chosen == {0.25} and usual and min(usual) >= 0.25, "the one that the run chose"
    _, most = found("--threshold", 0.05)
    middle = float(np.median(most))
    given, fewer = found("--threshold", middle)
    assert given == {middle} and sorted(fewer) == sorted(c for c in most if c >= middle) and len(fewer) < len(most)
    assert found("--threshold", 1.0)[1] == []


@pytest.mark.parametrize(
    ("name", "extra", "said"),
    [
        ("segment", ["--threshold", "0.5"], "means nothing here"),
        ("localize", ["--threshold", "0.5"], "means nothing here"),
        ("detect", ["--threshold", "1.5"], "between 0 and 1"),
        ("detect", ["--format", "coco"], "--out DIR"),
        ("detect", ["--format", "tfrecord", "--out", "x"], "no format 'tfrecord'.*coco"),
        ("detect", ["--csv", "x.csv"], "--format csv"),
        ("detect", ["--watch", "."], "not both"),
    ],
)
def test_options_that_do_not_fit_are_refused_with_a_sentence(
    name, extra, said, models, pictures, tmp_path, monkeypatch, capsys
):
    import re

    monkeypatch.chdir(tmp_path)
    code, _, err = predict(capsys, pictures, "--model", models[name], *extra)
    assert code == 2 and re.search(said, err), err
    assert not list(tmp_path.iterdir())


def test_a_threshold_for_one_of_many_classes_is_refused_and_for_one_of_two_it_is_not(pictures, tmp_path, capsys):
    for classes in (("cat", "dog", "hen"), ("cat", "dog")):
        network = build(layers_of("mini", (3, 48, 48), len(classes), 0.0), (3, 48, 48), classes, seed=0)
        model = tmp_path / str(len(classes))
        save_model(model, network.eval(), task="classify", pixels=PixelSettings(48, 48), extra={"views": "one"})
        code, out, err = predict(capsys, pictures, "--model", model, "--threshold", "0.5")
        if len(classes) == 2:
            assert code == 0 and "a.png: " in out, err
        else:
            assert code == 2 and "--threshold means nothing here" in err and "3 classes" in err
            assert not out and "Traceback" not in err and len(err.strip().splitlines()) <= 2


def test_masks_of_boxes_are_refused_with_a_sentence(models, pictures, tmp_path, capsys):
    code, _, err = predict(capsys, pictures, "--model", models["detect"], "--out", tmp_path / "d", "--format", "masks")
    assert code in (2, 3) and "mask" in err


def test_an_unreadable_picture_is_named_and_the_others_are_delivered(models, pictures, tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"this is no picture")
    code, out, _ = predict(capsys, bad, pictures / "a.png", "--model", models["detect"], "--out", tmp_path / "drawn")
    assert (
        code == 3
        and "bad.png: not answered" in out
        and "1 pictures drawn" in out.replace("1 picture drawn", "1 pictures drawn")
    )
    answers = json.loads((tmp_path / "drawn" / "answers.json").read_text())
    assert "problem" in answers[0] and answers[1]["things"]
    assert not (tmp_path / "drawn" / "bad.png").exists()


def test_pictures_of_one_name_in_two_folders_are_both_drawn(models, pictures, tmp_path, capsys):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes((pictures / "a.png").read_bytes())
    code, *_ = predict(
        capsys, tmp_path / "one", tmp_path / "two", "--model", models["detect"], "--out", tmp_path / "drawn"
    )
    assert code == 0 and {path.name for path in (tmp_path / "drawn").iterdir()} == {"a.png", "a-2.png", "answers.json"}


@pytest.mark.parametrize("watch", [False, True])
def test_the_pictures_themselves_are_never_drawn_over(watch, models, pictures, tmp_path, capsys):
    file = tmp_path / "a.png"
    file.write_bytes((pictures / "a.png").read_bytes())
    asked = ["--watch", tmp_path] if watch else [file]
    code, _, err = predict(capsys, *asked, "--model", models["detect"], "--out", tmp_path)
    assert code == 2 and "another folder" in err
    assert file.read_bytes() == (pictures / "a.png").read_bytes()


def test_a_watched_folder_is_answered_as_pictures_arrive_until_ctrl_c(models, pictures, tmp_path):
    arriving, drawn = tmp_path / "arriving", tmp_path / "drawn"
    arriving.mkdir()
    (arriving / "first.png").write_bytes((pictures / "a.png").read_bytes())
    process = subprocess.Popen(
        [sys.executable, "-m", "glassnet", "predict", "--watch", arriving, "--model", models["detect"], "--out", drawn],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job of a shell is deaf to it
    )  # fmt: skip
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "first.png:" in line:
                (arriving / "half.part").write_bytes(b"no picture yet")
                (arriving / "torn.png").write_bytes(b"nothing that can be read")
                (arriving / "second.jpg").write_bytes((pictures / "c.jpg").read_bytes())
            if "torn.png:" in line:
                break
        process.send_signal(signal.SIGINT)
        said.append(process.communicate(timeout=30)[0])
    finally:
        process.kill()
    told = "".join(said)
    assert process.returncode == 0, told
    assert (
        "watching" in told
        and "stopped watching" in told
        and "second.jpg: " in told
        and "torn.png: not answered" in told
    )
    assert "Traceback" not in told
    assert {path.name for path in drawn.iterdir()} == {"first.png", "first.png.json", "second.jpg", "second.jpg.json"}
    assert json.loads((drawn / "second.jpg.json").read_text())["height"] == 96


def test_a_folder_to_watch_that_is_none_is_refused(models, tmp_path, capsys):
    code, _, err = predict(capsys, "--watch", tmp_path / "nowhere", "--model", models["detect"])
    assert code == 3 and "no folder" in err
    (tmp_path / "file").write_text("")
    code, _, err = predict(capsys, "--watch", tmp_path / "file", "--model", models["detect"])
    assert code == 3 and "is a file" in err
