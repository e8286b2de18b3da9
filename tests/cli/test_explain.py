"""`glassnet explain` as it is typed: what it prints, what it writes, and how it refuses."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import glassnet as gn
from glassnet.cli import main
from glassnet.data.builtin import shapes

LAYERS = [
    {"conv": 6, "padding": "same"}, "relu", {"maxpool": 2}, {"conv": 8, "activation": "relu"}, "flatten",
    {"dense": 12, "activation": "relu"}, {"dense": "classes"},
]  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    pictures, annotated = shapes.draw(30, True)
    for i, (pixels, found) in enumerate(zip(pictures, annotated, strict=True)):
        path = folder / "pictures" / found[0].label / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    made = gn.train(
        folder / "pictures", out=folder / "runs", name="drawn", quiet=True, size=24, network=LAYERS, epochs=2, batch=8, threads=1,
        device="cpu", precision="fp32", views="one",
    )  # fmt: skip
    assert made is not None
    return made


@pytest.fixture
def explain(run, capsys):
    def call(*words):
        capsys.readouterr()
        code = main(["explain", *map(str, words), "--out", str(run.folder.path.parent)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture(scope="module")
def picture(run):
    key = run.lock.keys[int(run.lock.test[0])]
    return run.folder.path.parents[1] / "pictures" / key


def test_the_summary_has_the_answer_the_layers_and_says_what_to_type_next(run, picture, explain):
    code, out, _ = explain(picture)
    said = run.predict(picture)
    assert code == 0 and f"{picture}: {said.text(3)}" in out
    table = out.splitlines()
    assert [line.split()[0] for line in table if "×" in line][:5] == ["input", "conv1", "relu1", "maxpool1", "conv2"]
    page = run.folder.path / f"explain-{picture.stem}.html"
    assert f"Page:  {page}" in out and page.stat().st_size > 50_000
    typed = next(line for line in table if line.startswith("Open:"))
    place = typed.partition("--at ")[2]
    code, out, _ = explain(picture, "--at", place)
    assert code == 0 and place.split(",")[0] in out and "the network's own value" in out


def test_a_value_is_opened_and_no_page_is_written(run, picture, explain):
    page = run.folder.path / f"explain-{picture.stem}.html"
    page.unlink(missing_ok=True)
    code, out, _ = explain(picture, "--at", "conv2,7,3,4")
    opened = run.explain(picture).arithmetic("conv2", channel=7, y=3, x=4)
    assert code == 0 and opened.text() in out and not page.exists()
    assert "45 more terms" in out and "It sees x 28 to 60, y 20 to 52 of the picture." in out
    typed = next(line for line in out.splitlines() if line.startswith("The largest term"))
    assert explain(picture, "--at", typed.partition("--at ")[2])[0] == 0
    every = explain(picture, "--at", "conv2,7,3,4", "--all")[1]
    assert every.count("maxpool1, channel") == 54 and "more terms" not in every
    label = run.predict(picture).label
    assert f"({label})" in explain(picture, "--at", f"softmax,{label}")[1]


def test_json_is_one_object_with_the_same_numbers(run, picture, explain, tmp_path):
    code, out, _ = explain(picture, "--json", "--html", tmp_path / "here.html", "--what-if", "rotate 30")
    found = json.loads(out)
    assert code == 0 and found["page"] == str(tmp_path / "here.html") and (tmp_path / "here.html").exists()
    assert (
        found["probabilities"] == pytest.approx(run.predict(picture).probabilities) and len(found["attributions"]) == 3
    )
    assert found["what_if"][0]["what"] == "rotate by 30" and len(found["what_if"]) == 7
    opened = json.loads(explain(picture, "--at", "conv2,7,3,4", "--json", "--what-if", "blur 1")[1])
    terms = opened["arithmetic"]
    assert len(terms["terms"]) == 54 and terms["result"] == pytest.approx(terms["own"], abs=1e-5)
    assert opened["field"]["box"] == [7, 5, 15, 13] and len(opened["what_if"]) == 1 and "page" not in opened


def test_a_target_and_changes_are_told(run, picture, explain):
    label = min(run.predict(picture).probabilities.items(), key=lambda each: each[1])[0]
    code, out, _ = explain(picture, "--target", label, "--what-if", "cover 0,0,12,12", "--what-if", "shift 2,-1")
    assert code == 0 and f"{label}: the logit of {label} is" in out
    assert all(method in out for method in ("Grad-CAM sees", "integrated gradients sees", "occlusion sees"))
    assert "What if: cover box 0, 0, 12, 12: " in out and "What if: shift by 2, -1: " in out and " → " in out
    page = (run.folder.path / f"explain-{picture.stem}.html").read_text()
    assert f"Why {label}?" in page and "shift by 2, -1" in page


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--at", "conv3,0,0,0"], 2, "Did you mean 'conv"),
        (["--at", "conv2,7,3,99"], 2, "column 0 to 9"),
        (["--at", "conv2,7"], 2, "column 0 to 9"),
        (["--at", "conv2,7,-3,4"], 2, "names no value"),
        (["--at", "conv2,seven,3,4"], 2, "names no value"),
        (["--at", "conv2"], 2, "names no value"),
        (["--at", "softmax,cirle"], 2, "Did you mean 'circle'"),
        (["--at", "dense1,12"], 2, "value 0 to 11"),
        (["--all"], 2, "--at"),
        (["--target", "cirle"], 2, "Did you mean 'circle'"),
        (["--what-if", "rotat 3"], 2, "Did you mean 'rotate'"),
        (["--what-if", "rotate much"], 2, "rotate 15"),
        (["--what-if", "rotate"], 2, "one number"),
        (["--what-if", ""], 2, "Known: cover"),
        (["--html", "page.txt"], 2, "end in .html"),
        (["--run", "dran"], 2, "Did you mean drawn"),
    ],
)
def test_what_cannot_be_had_is_refused_in_one_sentence_before_anything_is_written(words, code, said, picture, explain):
    got, out, err = explain(picture, *words)
    assert got == code and said in err and not out and len(err.strip().splitlines()) == 1


def test_what_is_no_picture_is_refused(explain, run, picture, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    assert explain(broken)[0] == 3 and "broken.jpg cannot be shown" in explain(broken)[2]
    key = picture.relative_to(run.folder.path.parents[1] / "pictures").as_posix()
    code, _, err = explain(key.replace(".png", ".pgn"))
    assert code == 3 and f"Did you mean '{key}'" in err
    assert explain(key, "--at", "conv1,0,0,0")[0] == 0
    assert explain(tmp_path)[0] == 3
    code, out, _ = explain(broken, "--json")
    assert code == 3 and json.loads(out)["exit_code"] == 3


def test_a_page_never_replaces_the_picture(explain, picture, tmp_path):
    copy = shutil.copy(picture, tmp_path / "picture.html")
    before = copy.read_bytes()
    code, _, err = explain(copy, "--html", copy)
    assert code == 2 and "is the picture" in err and copy.read_bytes() == before
    (tmp_path / "folder.html").mkdir()
    assert "is a folder" in explain(picture, "--html", tmp_path / "folder.html")[2]


def test_a_picture_named_as_markup_is_text(explain, run, tmp_path):
    name = "<img src=x onerror=alert(1)>.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)).save(tmp_path / name)
    code, out, _ = explain(tmp_path / name)
    assert code == 0
    page = out.partition("Page:  ")[2].strip()
    text = (run.folder.path / page.rpartition("/")[2]).read_text()
    assert "<img src=x" not in text and "&lt;img src=x" in text and "<" not in page
