"""`glassnet audit --html --show-augment`: the page and its numbers, through the command line."""

import itertools
import re

import numpy as np
import pytest
from PIL import Image

from glassnet.cli import main
from glassnet.data.store import open_store
from glassnet.pipeline import audit
from glassnet.pipeline.varied import varied_pictures
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
    leak = text[text.index('id="finding-0"') :]
    assert 'class="rank rank-leak"' in leak[: leak.index("</h3>")]
    pair = re.search(r'<div class="pair">(.*?)</div>', leak, re.DOTALL).group(1)
    assert pair.count("<img") == 2
    assert "test/cat/leaked.png" in pair
    assert "train/cat/0.png" in pair
    assert "train/dog/broken.jpg" in text[text.index("Kept out of everything") :]
    assert "as stored" not in text  # no pictures varied unless asked


def test_varied_pictures_are_what_training_shows(photos, tmp_path):
    """Against the definition: shift and mirror by whole pixels can be undone exactly."""
    prepared = audit(recipe_from({"data": {"root": str(photos)}}), tmp_path)
    recipe = recipe_from({"data": {"root": "x"}, "augment": {"flip": "horizontal"}})
    found, said = varied_pictures(prepared, recipe, shown=5)
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


def test_the_audit_opens_no_picture_twice(photos, tmp_path):
    prepared = audit(recipe_from({"data": {"root": str(photos)}}), tmp_path)
    again = open_store(prepared.catalog, prepared.pixels, tmp_path / ".store")
    assert again.reread == 0
