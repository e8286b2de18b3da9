"""`glassnet audit --html --show-augment` and `glassnet train --find-lr`: pages and numbers, through the command line."""

import itertools
import json
import re

import numpy as np
import pytest
from PIL import Image

from glassnet.cli import main
from glassnet.data.store import open_store
from glassnet.pipeline import audit
from glassnet.pipeline.reporting import varied_pictures
from glassnet.recipe import recipe_from


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("audit") / "photos"
    draw = np.random.default_rng(1)
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            folder = root / split / name
            folder.mkdir(parents=True)
            for i in range(12):
                Image.fromarray(draw.integers(0, 255, (24, 24, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    (root / "test" / "cat" / "leaked.png").write_bytes((root / "train" / "cat" / "0.png").read_bytes())
    (root / "train" / "dog" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    return root


def test_the_audit_page_shows_leaks_side_by_side_and_names_what_was_kept_out(photos, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert main(["audit", str(photos), "--html", str(page), "--out", str(tmp_path / "runs")]) == 0
    assert f"Page: {page}" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    leak = text[text.index("rank-leak") :]
    pair = re.search(r'<div class="pair">(.*?)</div>', leak, re.DOTALL).group(1)
    assert pair.count("<img") == 2
    assert "test/cat/leaked.png" in leak[: leak.index("</figure>")]
    assert "train/dog/broken.jpg" in text
    assert "as stored" not in text  # no pictures varied unless asked


def test_varied_pictures_are_what_training_shows(photos, tmp_path):
    """Against the definition: shift and mirror by whole pixels can be undone exactly."""
    prepared = audit(recipe_from({"data": {"root": str(photos)}}), tmp_path)
    augment = recipe_from({"data": {"root": "x"}, "augment": {"flip": "horizontal"}}).augment
    found, said = varied_pictures(prepared, augment, seed=0, shown=5)
    assert len(found) == 5
    assert "flip horizontal" in said
    for one in found:
        assert one.row in prepared.lock.train
        assert np.array_equal(one.original, prepared.store.pixels[one.row])
        sides = [bool(np.array_equal(draw, one.original[:, ::-1])) for draw in one.draws]
        assert all(side or np.array_equal(draw, one.original) for side, draw in zip(sides, one.draws, strict=True))
        assert all(a != b for a, b in itertools.pairwise(sides))  # mirrored in turn


def test_show_augment_writes_the_page_by_itself_and_says_when_nothing_is_varied(photos, tmp_path, capsys):
    out = tmp_path / "runs"
    assert main(["audit", str(photos), "--show-augment", "3", "--augment.rotate", "20", "--out", str(out)]) == 0
    text = (out / "audit-photos.html").read_text(encoding="utf-8")
    assert text.count(", as stored") == 3
    assert text.count(", varied") == 21
    assert "rotate 20" in text
    assert main(["audit", str(photos), "--show-augment", "--augment", "none", "--out", str(out)]) == 0
    assert "Nothing is varied" in (out / "audit-photos.html").read_text(encoding="utf-8")
    assert main(["audit", str(photos), "--show-augment", "0", "--out", str(out)]) == 2
    assert "1 to 200" in capsys.readouterr().err


def test_the_finder_suggests_a_rate_that_learns_and_makes_no_run(tmp_path, capsys):
    arguments = ["train", "xo", "--network", "mini", "--threads", "1", "--precision", "fp32", "--out", str(tmp_path)]
    assert main([*arguments, "--find-lr", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["rates"]) == len(found["smoothed"]) >= 12
    lowest = found["rates"][int(np.argmin(found["smoothed"]))]
    assert found["suggestion"] == pytest.approx(lowest / 3)
    assert "suggested" in (tmp_path / "find-lr-xo-mini.html").read_text(encoding="utf-8")
    assert not list(tmp_path.glob("xo-*"))
    assert not (tmp_path / ".sweep").exists()
    assert main([*arguments, "--find-lr"]) == 0
    said = capsys.readouterr().out
    assert f"glassnet train xo --lr {found['suggestion']:.2g}" in said
    assert said.count("*") > 12  # the plot
    assert main([*arguments, "--lr", f"{found['suggestion']:.2g}", "--epochs", "6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["validation"]["figures"]["accuracy"]["value"] > 0.8


def test_the_audit_opens_no_picture_twice(photos, tmp_path):
    prepared = audit(recipe_from({"data": {"root": str(photos)}}), tmp_path)
    again = open_store(prepared.catalog, prepared.pixels, tmp_path / ".store")
    assert again.reread == 0
