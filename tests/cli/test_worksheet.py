"""`glassnet worksheet`: a sheet of a run's own numbers, with its key, as text, HTML and PDF."""

import json

import numpy as np
import pytest
from PIL import Image

from glassnet.cli import main
from glassnet.data.builtin import xo
from glassnet.lessons import NAMES, printing
from glassnet.pipeline.from_python import train


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The folder of a small finished run, beside its pictures."""
    root = tmp_path_factory.mktemp("sheet")
    pixels, labels = xo.draw(40, 16)
    for i, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
        folder = root / "signs" / xo.CLASSES[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[:, :, 0]).save(folder / f"{i:02} <b>.png")
    train(
        root / "signs",
        out=root / "runs",
        name="signs",
        network="mini",
        epochs=1,
        batch=8,
        threads=1,
        precision="fp32",
        quiet=True,
    )
    return root / "runs"


def test_every_lesson_asks_and_the_key_is_only_there_when_asked_for(out, capsys):
    assert main(["worksheet", "signs", "--out", str(out)]) == 0
    plain = capsys.readouterr().out
    assert "Worksheet for signs" in plain and "Key" not in plain and f"{len(NAMES)}.1" in plain
    assert main(["worksheet", "signs", "--out", str(out), "--key"]) == 0
    keyed = capsys.readouterr().out
    assert keyed.startswith(plain.rstrip()) and "\nKey\n" in keyed


def test_json_holds_questions_and_with_the_key_their_answers(out, capsys):
    words = ["worksheet", "signs", "--out", str(out), "--lessons", "softmax, relu", "--seed", "3", "--json"]
    assert main(words) == 0
    plain = json.loads(capsys.readouterr().out)
    assert [part["lesson"] for part in plain["lessons"]] == ["softmax", "relu"] and plain["picture"].endswith(".png")
    assert all("answer" not in each for part in plain["lessons"] for each in part["questions"])
    assert main([*words, "--key"]) == 0
    keyed = json.loads(capsys.readouterr().out)
    assert all(each["solution"] and each["how"] for part in keyed["lessons"] for each in part["questions"])


def test_the_page_holds_the_sheet_and_no_name_becomes_markup(out, tmp_path):
    page = tmp_path / "sheet.html"
    assert (
        main(["worksheet", "signs", "--out", str(out), "--lessons", "pixels,vote", "--key", "--html", str(page)]) == 0
    )
    text = page.read_text(encoding="utf-8")
    assert "<b>" not in text and "&lt;b&gt;.png" in text and 'id="key"' in text and "@media print" in text
    assert "http" not in text.replace("http-equiv", "")


def test_a_picture_of_one_s_own(out, tmp_path, capsys):
    mine = tmp_path / "mine.png"
    Image.fromarray(np.full((20, 20), 200, np.uint8)).save(mine)
    assert main(["worksheet", "signs", "--out", str(out), "--picture", str(mine), "--lessons", "pixels"]) == 0
    assert "mine.png" in capsys.readouterr().out


def test_without_the_pictures_the_built_in_examples_are_asked_about(out, capsys):
    pictures = out.parent / "signs"
    pictures.rename(out.parent / "away")
    try:
        assert main(["worksheet", "signs", "--out", str(out), "--lessons", "pooling"]) == 0
        assert "could not be read" in (said := capsys.readouterr().out) and "built-in examples" in said
    finally:
        (out.parent / "away").rename(pictures)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--lessons", "poling"], 2, "Did you mean 'pooling'?"),
        (["--lessons", ","], 2, "at least one lesson"),
        (["--picture", "nothing.png"], 3, "There is no file nothing.png"),
        (["--seed", "-1"], 2, "--seed must be"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(out, capsys, words, code, said):
    assert main(["worksheet", "signs", "--out", str(out), *words]) == code
    assert said in capsys.readouterr().err


def test_without_a_browser_the_way_to_paper_is_said(out, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    assert main(["worksheet", "signs", "--out", str(out), "--lessons", "relu", "--pdf", str(tmp_path / "a.pdf")]) == 2
    assert "--html FILE" in (said := capsys.readouterr().err) and "Ctrl+P" in said
    assert not (tmp_path / "a.pdf").exists()


@pytest.mark.browser
def test_a_pdf_is_printed(out, tmp_path):
    assert printing.chromium(), (
        "This test needs Chromium: install Debian's package `chromium`, or name one in CHROMIUM."
    )
    path = tmp_path / "sheet.pdf"
    assert main(["worksheet", "signs", "--out", str(out), "--lessons", "relu", "--key", "--pdf", str(path)]) == 0
    data = path.read_bytes()
    assert (
        data.startswith(b"%PDF")
        and data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") + data.count(b"/Type /Page/") >= 2
    )
