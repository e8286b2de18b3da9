import json
import shutil

import numpy as np
import pytest
from PIL import Image

from glassnet.data.audit import RANKS, audit, audit_from_dict, find_twins
from glassnet.data.pixels import PixelSettings
from glassnet.data.readers import from_arrays
from glassnet.data.store import open_store
from glassnet.errors import StorageError
from glassnet.recipe import DataRecipe

COUNTS = {"cat": 20, "dog": 20}


@pytest.fixture
def look(paint, tmp_path):
    """Audit what was painted; `size` is what the network would see."""

    def run(size=32, **recipe):
        catalog, store = paint.store(tmp_path / "store", size)
        return audit(catalog, store, DataRecipe(**recipe))

    return run


def codes(found):
    return {finding.code: set(finding.keys) for finding in found.findings}


def test_a_sound_folder_has_no_findings(paint, look):
    paint.classes(COUNTS)
    found = look()
    assert found.findings == () and found.quarantined == {} and found.twins == ()
    assert found.leaks == {"validation": (), "test": ()}
    assert "nothing found" in found.text()


def spoil_truncated(paint, draw):
    whole = paint.save("cat/bad.png", draw(900)).read_bytes()
    (paint.root / "cat/bad.png").write_bytes(whole[: len(whole) // 2])


def spoil_jpeg(paint, draw):
    whole = paint.save("cat/bad.jpg", draw(900, 200, 200), quality=95).read_bytes()
    (paint.root / "cat/bad.jpg").write_bytes(whole[: len(whole) // 2])


def spoil_extension(paint, draw):
    paint.save("cat/wrong.jpg", draw(900), format="PNG")


def spoil_frames(paint, draw):
    frames = [Image.fromarray(draw(900 + i)) for i in range(3)]
    frames[0].save(paint.root / "cat/moving.gif", save_all=True, append_images=frames[1:])


def spoil_grey(paint, draw):
    paint.save("cat/grey.png", draw(900)[:, :, 0])


SPOILED = [
    (lambda p, d: (p.root / "cat/bad.png").write_bytes(b"this is no picture"), "unreadable", "error", {"cat/bad.png"}),
    (lambda p, d: (p.root / "cat/bad.jpg").write_bytes(b""), "empty", "error", {"cat/bad.jpg"}),
    (spoil_truncated, "truncated", "error", {"cat/bad.png"}),
    (spoil_jpeg, "truncated", "error", {"cat/bad.jpg"}),
    (spoil_extension, "wrong_extension", "warning", {"cat/wrong.jpg"}),
    (spoil_frames, "several_frames", "note", {"cat/moving.gif"}),
    (spoil_grey, "grey_among_colour", "note", {"cat/grey.png"}),
    (lambda p, d: p.save("dog/blank.png", np.full((48, 48, 3), (9, 80, 160), np.uint8)), "blank", "warning", {"dog/blank.png"}),
    (lambda p, d: p.save("dog/tiny.png", d(900, 6, 6)), "tiny", "warning", {"dog/tiny.png"}),
    (lambda p, d: p.save("dog/long.png", d(900, 48, 200)), "odd_shape", "note", {"dog/long.png"}),
    (lambda p, d: p.save("dog/alpha.png", Image.fromarray(d(900)).convert("RGBA")), "odd_mode", "note", {"dog/alpha.png"}),
    (lambda p, d: p.save("dog/print.jpg", Image.fromarray(d(900)).convert("CMYK")), "odd_mode", "note", {"dog/print.jpg"}),
    (lambda p, d: shutil.copy(p.root / "cat/0003.png", p.root / "cat/copy.png"), "exact_duplicates", "warning",
     {"cat/0003.png", "cat/copy.png"}),
    (lambda p, d: p.save("cat/small.jpg", Image.fromarray(d(5)).resize((40, 40)), quality=60), "near_duplicates", "warning",
     {"cat/0005.png", "cat/small.jpg"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "code", "rank", "keys"), SPOILED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_fault_is_found_with_its_file_and_nothing_else(paint, draw, look, spoil, code, rank, keys):
    paint.classes(COUNTS)
    spoil(paint, draw)
    found = look()
    assert codes(found) == {code: keys}
    finding = found[code]
    assert finding.rank == rank and finding.why and finding.todo
    assert bool(found.quarantined) == (rank == "error")
    assert next(iter(keys)).rpartition("/")[2] in found.text() or len(keys) == 2


def test_sixteen_bits_are_an_odd_mode_and_grey(paint, draw, look):
    paint.classes(COUNTS)
    paint.save("dog/deep.png", Image.fromarray(draw(900)[:, :, 0].astype(np.uint16) * 256))
    assert codes(look()) == {"odd_mode": {"dog/deep.png"}, "grey_among_colour": {"dog/deep.png"}}


def test_too_many_pixels_are_quarantined(paint, draw, tmp_path):
    paint.classes(COUNTS)
    paint.save("cat/huge.png", draw(900, 200, 200))
    catalog = paint.catalog()
    store = open_store(catalog, PixelSettings(32, 32, max_pixels=10_000), tmp_path / "store")
    found = audit(catalog, store, DataRecipe())
    assert codes(found) == {"too_large": {"cat/huge.png"}}
    assert "40,000" in next(iter(found.quarantined.values()))


def test_one_picture_under_two_labels_is_an_error_exact_or_near(paint, draw, look):
    paint.classes(COUNTS)
    shutil.copy(paint.root / "cat/0003.png", paint.root / "dog/copy.png")
    paint.save("dog/near.jpg", draw(7), quality=60)
    found = look()
    assert found["two_labels"].rank == "error"
    assert set(found["two_labels"].keys) == {"cat/0003.png", "dog/copy.png"}
    assert set(found["near_two_labels"].keys) == {"cat/0007.png", "dog/near.jpg"}
    assert (
        "cat/0003.png (cat) = dog/copy.png (dog)" in found.text()
        or "dog/copy.png (dog) = cat/0003.png (cat)" in found.text()
    )


def test_leaks_across_given_splits_come_first_and_name_the_rows(paint, draw, look, tmp_path):
    paint.classes(COUNTS, under="train/")
    paint.classes({"cat": 5, "dog": 5}, under="test/", seed=5)
    paint.classes({"cat": 5, "dog": 5}, under="val/", seed=6)
    shutil.copy(paint.root / "train/cat/0001.png", paint.root / "test/cat/0001.png")
    paint.save("test/dog/near.jpg", draw(10_004), quality=70)
    shutil.copy(paint.root / "train/dog/0009.png", paint.root / "val/dog/leak.png")
    shutil.copy(paint.root / "test/dog/0002.png", paint.root / "val/dog/also.png")
    found = look()
    assert [finding.rank for finding in found.findings[:4]] == ["leak", "leak", "leak", "warning"]
    keys = [example.key for example in paint.catalog().examples]
    assert {keys[row] for row in found.leaks["test"]} == {"test/cat/0001.png", "test/dog/near.jpg"}
    assert {keys[row] for row in found.leaks["validation"]} == {"val/dog/leak.png"}
    assert found["shared_train_test"].details["exact"] == 1
    assert sorted(found["shared_train_test"].details["pairs"]) == [
        ["train/cat/0001.png", "test/cat/0001.png"],
        ["train/dog/0004.png", "test/dog/near.jpg"],
    ]
    assert found["shared_validation_test"].keys == ("test/dog/0002.png",)
    assert found.text().splitlines()[1].startswith("  LEAK")


def test_classes_that_are_small_single_or_uneven(paint, draw, look):
    paint.classes({"cat": 60, "dog": 4})
    paint.save("owl/one.png", draw(900))
    found = look()
    assert found["imbalance"].rank == "warning" and found["imbalance"].details["ratio"] == 60
    assert found["one_picture_class"].keys == ("owl/one.png",)
    assert found["small_class"].details["classes"] == ["dog"]


def test_a_class_whose_pictures_are_all_bad_is_empty(paint, look):
    paint.classes(COUNTS)
    (paint.root / "owl").mkdir()
    (paint.root / "owl/1.png").write_bytes(b"nothing")
    found = look()
    assert found["empty_class"].details["classes"] == ["owl"]


def test_a_class_missing_in_a_given_split_is_said(paint, look):
    paint.classes({"cat": 12, "dog": 12, "owl": 12}, under="train/")
    paint.classes({"cat": 5, "dog": 5}, under="test/", seed=5)
    assert look()["class_missing_in_split"].details["missing"] == {"test": ["owl"]}


def test_a_thousand_blank_and_a_thousand_equal_pictures_stay_cheap_and_apart(draw, tmp_path):
    blank = np.full((600, 16, 16, 3), 200, np.uint8)
    for i in range(600):  # no two have the same bytes, all are blank to the eye
        blank[i, i // 16 % 16, i % 16, i // 256] = 203
    same = np.repeat(draw(1, 16, 16)[None], 600, axis=0)
    others = np.stack([draw(100 + i, 16, 16) for i in range(60)])
    catalog = from_arrays(np.concatenate([blank, same, others]), np.arange(1260) % 2)
    store = open_store(catalog, PixelSettings(16, 16), tmp_path / "store")
    twins = find_twins(store)
    assert len(twins.pairs) == 0
    assert len(np.unique(twins.family[600:1200])) == 1
    assert len(np.unique(twins.family[1200:])) == 60
    assert not np.isin(twins.family[:600], twins.family[600:]).any()


def test_a_large_family_of_lookalikes_is_said_but_not_tied_together(draw, tmp_path):
    rng = np.random.default_rng(0)
    scene = draw(1, 32, 32).astype(int)
    shots = np.stack([np.clip(scene + rng.integers(-9, 10, scene.shape), 0, 255) for _ in range(80)]).astype(np.uint8)
    others = np.stack([draw(100 + i, 32, 32) for i in range(80)])
    catalog = from_arrays(np.concatenate([shots, others]), np.arange(160) % 2)
    store = open_store(catalog, PixelSettings(32, 32), tmp_path / "store")
    found = audit(catalog, store, DataRecipe())
    assert len(found["lookalikes"].keys) == 80 and found.twins == ()
    assert "near_duplicates" not in found


def test_json_and_back_is_exact(paint, draw, look):
    paint.classes(COUNTS)
    spoil_truncated(paint, draw)
    shutil.copy(paint.root / "cat/0003.png", paint.root / "dog/copy <b>.png")
    found = look(group_by=r"/\d\d(\d)")
    values = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert values == found.as_dict() and audit_from_dict(values) == found
    assert found.groups.source == "regex" and len(found.groups.names) == 2
    with pytest.raises(StorageError, match="not an audit"):
        audit_from_dict({"findings": []})


def test_text_is_short_worst_first_and_html_is_escaped(paint, draw, look):
    paint.classes(COUNTS)
    for i in range(15):
        paint.save(f"cat/wrong<i>{i:02d}.jpg", draw(900 + i), format="PNG")
    (paint.root / "dog/zero.png").write_bytes(b"")
    found = look()
    ranks = [RANKS.index(finding.rank) for finding in found.findings]
    assert ranks == sorted(ranks) and len(ranks) == 2
    assert "…and 12 more" in found.text() and str(found) == found.text()
    assert "<i>" not in found._repr_html_() and "wrong&lt;i&gt;00.jpg" in found._repr_html_()


def test_statistics_say_what_is_there(paint, look):
    paint.classes(COUNTS)
    numbers = look().statistics
    assert numbers["pictures"] == 40 and numbers["classes"] == {"cat": 20, "dog": 20}
    assert numbers["height"] == {"smallest": 48, "median": 48, "largest": 48}
    assert numbers["format"] == {"PNG": 40} and len(numbers["mean_colour"]) == 3


def test_a_search_that_had_to_be_narrowed_says_so(paint, draw, look, monkeypatch):
    monkeypatch.setattr("glassnet.data.audit.duplicates._CANDIDATES_FREE", 0)
    monkeypatch.setattr("glassnet.data.audit.duplicates._CANDIDATES_EACH", 0)
    paint.classes(COUNTS)
    assert "narrow_search" not in look()
    paint.save("cat/small.jpg", Image.fromarray(draw(5)).resize((40, 40)), quality=30)
    shutil.copy(paint.root / "cat/0003.png", paint.root / "cat/copy.png")
    found = look()
    assert found["narrow_search"].rank == "warning"
    assert set(found["exact_duplicates"].keys) == {"cat/0003.png", "cat/copy.png"}
