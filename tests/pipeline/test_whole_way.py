"""The whole way through the rooms, as a user walks it, on small drawn pictures."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tests.pipeline.discs import draw_discs

import glassnet as gn
from glassnet.cli import main
from glassnet.errors import DataError, RecipeError

QUICK = ["--network", "mini", "--epochs", "12", "--batch", "8", "--lr", "0.01", "--threads", "1", "--precision", "fp32"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Red and blue discs that are easily told apart."""
    return draw_discs(tmp_path_factory.mktemp("pictures") / "discs", noise=60, faintest=170)


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    assert main(["train", str(photos), "--out", str(out), *QUICK]) == 0
    return gn.load(out=out)


def test_training_leaves_a_whole_run_folder(trained):
    names = {path.name for path in trained.folder.path.iterdir()}
    assert {
        "recipe.yaml", "environment.json", "choices.json", "audit.json", "data.lock.json", "history.csv",
        "model.safetensors", "model.json", "scores.json", "verdict.json", "run.json",
    } <= names  # fmt: skip
    assert len(trained.history) == 12
    assert trained.scores["validation"]["accuracy"].value == 1.0


def test_the_test_set_stays_sealed_until_eval_and_openings_are_counted(trained, capsys):
    out = str(trained.folder.path.parent)
    assert "test" not in trained.scores and trained.test_opened == 0
    assert main(["eval", "--out", out]) == 0
    assert "for the first time" in capsys.readouterr().out
    assert trained.scores["test"]["accuracy"].value == 1.0
    assert main(["eval", "--out", out]) == 0
    assert "opened 2 times" in capsys.readouterr().out


def test_predict_answers_files_folders_and_arrays_alike(trained, photos, capsys):
    out = str(trained.folder.path.parent)
    assert main(["predict", str(photos / "red"), "--runs", out, "--json"]) == 0
    answers = json.loads(capsys.readouterr().out)["answers"]
    assert len(answers) == 24 and {a["label"] for a in answers} == {"red"}
    file = photos / "red" / "03.png"
    from_array = trained.predict(np.asarray(Image.open(file)))
    from_file = trained.predict(str(file))
    assert from_array.probabilities == from_file.probabilities
    assert sum(from_file.probabilities.values()) == pytest.approx(1.0, abs=1e-6)


def test_an_unreadable_picture_is_named_and_the_others_are_answered(trained, photos, tmp_path, capsys):
    (tmp_path / "bad.jpg").write_bytes(b"this is no picture")
    good = photos / "blue" / "01.png"
    assert main(["predict", str(tmp_path), str(good), "--runs", str(trained.folder.path.parent)]) == 3
    said = capsys.readouterr().out
    assert "bad.jpg: not answered" in said and "01.png: blue" in said


def test_runs_lists_the_run_and_csv_holds_its_settings(trained, tmp_path, capsys):
    out = str(trained.folder.path.parent)
    assert main(["runs", "--out", out, "--where", "status=done network=mini"]) == 0
    assert trained.name in capsys.readouterr().out
    assert main(["runs", "--out", out, "--csv", str(tmp_path / "all.csv")]) == 0
    header, row = (tmp_path / "all.csv").read_text().splitlines()[:2]
    assert "train.lr" in header and trained.name in row


def test_what_nobody_set_was_chosen_with_a_reason(trained):
    chosen = {choice.field: choice for choice in trained.folder.read_choices()}
    assert chosen["data.size"].value and "train.epochs" not in chosen
    assert all(choice.reason for choice in chosen.values())


def test_changed_pictures_are_refused_at_eval(photos, tmp_path):
    import shutil

    copy = tmp_path / "discs"
    shutil.copytree(photos, copy)
    out = str(tmp_path / "runs")
    assert main(["train", str(copy), "--out", out, *QUICK]) == 0
    Image.new("RGB", (16, 16), "green").save(copy / "red" / "00.png")
    assert main(["eval", "--out", out]) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["trian"], 2, "Did you mean 'train'?"),
        (["train", "photos", "--epoch", "3"], 2, "Did you mean --epochs?"),
        (["train", "nowhere-at-all"], 3, "nowhere-at-all"),
        (["train"], 2, "No pictures were named"),
        (["summary", "--network", "tutoral"], 2, "tutorial"),
        (["predict", "x.png", "--model", "weights.pt"], 4, "weights.pt"),
    ],
)
def test_mistakes_get_a_sentence_and_the_right_exit_code(arguments, code, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    assert said in capsys.readouterr().err


def test_python_takes_the_same_settings_and_refuses_unknown_ones(photos, tmp_path):
    with pytest.raises(RecipeError, match="no setting"):
        gn.train(photos, out=tmp_path, epoch=3)
    with pytest.raises(DataError):
        gn.train(tmp_path / "missing", out=tmp_path)


def test_help_and_light_verbs_never_import_torch(trained):
    out = str(trained.folder.path.parent)
    for arguments in (["--help"], ["train", "--help"], ["runs", "--out", out], ["summary", "--network", "tutorial"]):
        code = (
            "import sys\nfrom glassnet.cli import main\n"
            f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
            "sys.exit('torch' in sys.modules or 'torchvision' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0, arguments
