import json

import numpy as np
import pytest
from PIL import Image

from glassnet.data.audit import audit, audit_from_dict
from glassnet.data.catalog import Fault, Mask, MaskFile, Polygon, Rle, Thing, Things
from glassnet.data.readers import recognise
from glassnet.data.sizing import choose_size
from glassnet.data.store import open_store
from glassnet.recipe import DataRecipe

SQUARE = (10.0, 10.0, 30.0, 10.0, 30.0, 30.0, 10.0, 30.0)
BOW = (10.0, 10.0, 30.0, 30.0, 30.0, 10.0, 10.0, 28.0)


def codes(found):
    return {finding.code: set(finding.keys) for finding in found.findings}


def test_a_sound_set_has_no_findings_and_keeps_everything(world):
    found = world.look()
    assert found.findings == () and found.quarantined == {}
    assert found.present == ((0, 1),) * 12
    assert found.statistics["things"]["count"] == 24 and "24 things; nothing found" in found.text()


FAULTY = [
    (Things((), None, faults=(Fault("missing_annotation", "no XML file belongs to it"),)), "missing_annotation", "no XML file"),
    (Things((), None, faults=(Fault("not_utf8", "a.txt is not UTF-8 text."),)), "not_utf8", "a.txt is not UTF-8 text"),
    (Things((), None, faults=(Fault("never_heard_of", "odd"),)), "never_heard_of", "odd"),
    (Things((Thing("cat", (1.0, 1.0, 9.0, 9.0)),), (61, 80)), "picture_size", "says 80×61, the picture is 80×60"),
    (Things((Thing("cat", (1.0, 1.0, 9.0, 9.0)),), (80, 60)), "picture_size", "height and width are exchanged"),
    ((Thing("cat", (5.0, 6.0, 90.0, 40.0)),), "box_outside", "cat at 5, 6, 90, 40 lies outside (the picture is 80×60)"),
    ((Thing("cat", (5.0, -9.0, 30.0, 40.0)),), "box_outside", "-9"),
    ((Thing("cat", (81.0, 6.0, 81.5, 40.0)),), "box_empty", "no size"),
    ((Thing("cat", (80.5, 6.0, 82.0, 40.0)),), "box_outside", "outside"),
    ((Thing("cat", (30.0, 40.0, 5.0, 6.0)),), "box_reversed", "reversed"),
    ((Thing("cat", (5.0, 6.0, 6.0, 7.0)),), "box_empty", "at most one pixel"),
    ((Thing("cat", (5.0, 6.0, 5.0, 40.0)),), "box_empty", "at most one pixel"),
    ((Thing("cat", (0.1, 0.1, 0.5, 0.9)), Thing("dog", (0.2, 0.0, 1.0, 0.5))), "unit", "between 0 and 1"),
    ((Thing("cat", (float("nan"), 1.0, 5.0, 9.0)),), "bad_number", "no numbers"),
    ((Thing("owl", (5.0, 6.0, 30.0, 40.0)),), "unknown_class", "owl"),
    ((Thing("cat"),), "no_place", "neither a box nor a shape"),
    ((Thing("cat", None, Polygon(((1.0, 1.0, 9.0, 9.0),))),), "bad_polygon", "2 points; it needs three"),
    ((Thing("cat", None, Polygon(())),), "bad_polygon", "no points"),
    ((Thing("cat", None, Polygon(((1.0, 1.0, 9.0, 9.0, 5.0),))),), "bad_polygon", "5 numbers"),
    ((Thing("cat", None, Polygon(((1.0, 1.0, 999.0, 9.0, 5.0, 5.0),))),), "bad_polygon", "far outside"),
    ((Thing("cat", None, Polygon(((1.0, 1.0, 9.0, 9.0, 5.0, 5.0),))),), "shape_empty", "no area"),
    ((Thing("cat", None, Rle((0, 100), 10, 10)),), "bad_rle", "10×10 pixels, the picture 80×60"),
    ((Thing("cat", None, Rle((100, 20), 60, 80)),), "bad_rle", "sum to 120"),
    ((Thing("cat", None, Rle((4800,), 60, 80)),), "shape_empty", "cover no pixel"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "code", "says"), FAULTY, ids=[f"{f[1]}-{i}" for i, f in enumerate(FAULTY)])
def test_each_fault_keeps_exactly_its_picture_out_and_says_why(world, annotation, code, says):
    world.mark("p03.png", annotation)
    found = world.look()
    assert codes(found) == {code: {"p03.png"}}
    assert set(found.quarantined) == {3} and says in found.quarantined[3]
    assert found[code].rank == "error" and found[code].why and found[code].todo and says in found[code].examples()
    assert found.statistics["things"]["count"] == 22


def test_a_picture_with_two_faults_is_named_under_both_and_told_once(world):
    world.mark("p03.png", (Thing("cat", (30.0, 40.0, 5.0, 6.0)), Thing("owl", (5.0, 6.0, 30.0, 40.0))))
    found = world.look()
    assert codes(found) == {"box_reversed": {"p03.png"}, "unknown_class": {"p03.png"}}
    assert found.quarantined[3].endswith("; and 1 more.")


def test_an_annotation_made_before_the_exif_rotation_is_told_apart(world):
    exif = Image.Exif()
    exif[274] = 6
    world.put("p03.jpg", Things((Thing("cat", (5.0, 6.0, 30.0, 40.0)),), (60, 80)), 3, exif=exif, quality=95)
    found = world.look()
    assert codes(found)["turned_picture"] == {"p03.jpg"} and "EXIF" in found["turned_picture"].examples()
    assert len(found.quarantined) == 1


def test_a_picture_that_cannot_be_read_is_bad_as_a_picture_only(world):
    (world.root / "p03.png").write_bytes(b"nothing")
    world.mark("p03.png", (Thing("cat", (30.0, 40.0, 5.0, 6.0)),))
    assert codes(world.look()) == {"unreadable": {"p03.png"}}


ODD = [
    ((Thing("cat", (5.0, 6.0, 81.5, 61.0)),), "box_clipped", "note"),
    ((Thing("cat", (5.0, 6.0, 30.0, 40.0)), Thing("cat", (5.0, 6.0, 30.0, 40.5))), "duplicate_boxes", "warning"),
    ((Thing("cat", None, Polygon((BOW,))),), "crossing_outline", "warning"),
    ((Thing("cat", None, Polygon((SQUARE, (50.0, 50.0, 60.0, 50.0, 60.0, 59.0)))),), "several_parts", "note"),
    ((Thing("cat", None, Polygon(((60.0, 10.0, 95.0, 10.0, 95.0, 30.0, 60.0, 30.0),))),), "outline_clipped", "warning"),
    ((Thing("cat", (40.0, 40.0, 60.0, 55.0), Polygon((SQUARE,))),), "box_apart", "warning"),
    ((Thing("cat", (5.0, 6.0, 30.0, 40.0)), Thing("cat", (40.0, 6.0, 70.0, 40.0), crowd=True)), "crowds", "note"),
    ((), "without_things", "note"),
    ((Thing("cat", (5.0, 6.0, 30.0, 40.0)), Thing("dog", (50.0, 6.0, 53.0, 40.0))), "small_things", "warning"),
]  # fmt: skip


@pytest.mark.parametrize(("things", "code", "rank"), ODD, ids=[odd[1] for odd in ODD])
def test_what_is_only_odd_is_named_and_kept(world, things, code, rank):
    world.mark("p03.png", things)
    found = world.look()
    assert codes(found) == {code: {"p03.png"}} and found[code].rank == rank
    assert found.quarantined == {} and "p03.png" in found.text()


def test_exact_doubles_are_told_from_near_ones(world):
    same = Thing("cat", (5.0, 6.0, 30.0, 40.0))
    world.mark("p03.png", (same, same))
    world.mark("p04.png", (same, Thing("dog", (5.0, 6.0, 30.0, 40.0))))
    world.mark("p05.png", (same, Thing("cat", (5.0, 6.0, 30.0, 40.5))))
    found = world.look()["duplicate_boxes"]
    assert found.keys == ("p03.png", "p05.png") and "1 of them exactly" in found.title
    assert "p03.png (cat twice at 5, 6, 30, 40, exactly)" in found.examples()


def test_hundreds_of_doubles_in_one_picture_stay_cheap(world):
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 40, (1600, 2))
    things = tuple(Thing("cat", (x, y, x + 20, y + 15)) for x, y in corners.tolist())
    world.mark("p03.png", (*things, things[7]))
    assert world.look()["duplicate_boxes"].details["things"] == 1


def test_what_the_size_does_to_things_is_counted_with_a_way_out(world):
    for i in range(12):
        world.mark(f"p{i:02d}.png", (Thing("cat", (5.0, 6.0, 25.0, 40.0)), Thing("dog", (50.0, 6.0, 62.0, 40.0))))
    found = world.look(size=(16, 16))
    assert found["small_things"].details["things"] == 12 and "12 of 24 things" in found["small_things"].title
    assert found["small_things"].details["per_thing_class"] == {"dog": 12}
    assert (
        found["size_too_small"].rank == "warning"
        and "12 pixels wide or less, and 2 at 16×16" in found["size_too_small"].title
    )
    assert "--data.size 96" in found["size_too_small"].todo and "tiles" in found["size_too_small"].todo
    assert "small_things" not in world.look(size=(48, 64)) and "size_too_small" not in world.look(size=(60, 80))


def test_things_that_are_small_in_the_pictures_themselves_are_a_note(world):
    for i in range(12):
        world.mark(f"p{i:02d}.png", (Thing("cat", (5.0, 6.0, 11.0, 40.0)), Thing("dog", (50.0, 6.0, 58.0, 40.0))))
    found = world.look()["size_too_small"]
    assert found.rank == "note" and "in the pictures themselves" in found.todo


def test_things_that_a_crop_cuts_away_are_named(world):
    world.mark("p03.png", (Thing("cat", (0.0, 6.0, 12.0, 40.0)), Thing("dog", (30.0, 10.0, 60.0, 50.0))))
    found = world.look(size=(60, 60), fit="crop")
    assert found["things_cut"].keys == ("p03.png",) and found["things_cut"].details["things"] == 1
    assert "things_cut" not in world.look(size=(60, 60))


def test_uneven_classes_are_counted_by_things(world):
    for i in range(12):
        row = tuple(Thing("cat", (4.0 * k, 6.0, 4.0 * k + 20, 40.0)) for k in range(12))
        world.mark(f"p{i:02d}.png", (*row, Thing("dog", (40.0, 42.0, 75.0, 59.0))))
    found = world.look()["imbalance"]
    assert (
        found.rank == "warning" and found.details["counts"] == {"cat": 144, "dog": 12} and "12.0 times" in found.title
    )


def test_many_pictures_without_things_are_suspicious(world):
    for i in range(8):
        world.mark(f"p{i:02d}.png", ())
    found = world.look()
    assert found["many_without_things"].rank == "warning" and len(found["many_without_things"].keys) == 8
    assert "without_things" not in found and found.present[0] == () and found.statistics["things"]["without"] == 8


def test_classes_under_two_names_are_said_once(world):
    world.classes = ("Cat", "cat", "dog")
    for i in range(10):
        world.mark(f"p{i:02d}.png", (Thing("Cat", (5.0, 6.0, 30.0, 40.0)), Thing("dog", (40.0, 10.0, 75.0, 50.0))))
    found = world.look()
    assert found["similar_names"].examples() == "'Cat' (10) and 'cat' (2)"


def test_classes_are_counted_by_the_pictures_that_show_them(world):
    world.classes = ("cat", "dog", "emu", "fox", "gnu")
    world.mark("p03.png", (Thing("fox", (5.0, 6.0, 30.0, 40.0)), Thing("fox", (40.0, 6.0, 70.0, 40.0))))
    for i in (4, 5):
        world.mark(f"p{i:02d}.png", (Thing("emu", (5.0, 6.0, 30.0, 40.0)), Thing("dog", (40.0, 10.0, 75.0, 50.0))))
    world.splits = {f"p{i:02d}.png": "train" if i < 8 else "validation" for i in range(12)}
    found = world.look()
    assert found["empty_class"].details["classes"] == ["gnu"]
    assert found["one_picture_class"].keys == ("p03.png",)
    assert "emu (2)" in found["small_class"].details["shown"]
    assert found["class_missing_in_split"].details["missing"] == {"validation": ["emu", "fox"]}
    assert found.statistics["classes"] == {"cat": 9, "dog": 11, "emu": 2, "fox": 1, "gnu": 0}


def test_one_picture_with_two_annotations_is_an_error_and_with_one_a_copy(world):
    for key in ("p03.png", "p04.png"):
        world.put(key, (Thing("cat", (5.0, 6.0, 30.0, 40.0)),), 77)
    assert {"exact_duplicates"} == set(codes(world.look()))
    world.mark("p04.png", (Thing("cat", (5.0, 6.0, 30.0, 41.0)),))
    found = world.look()
    assert found["two_annotations"].rank == "error" and set(found["two_annotations"].keys) == {"p03.png", "p04.png"}
    assert "two_labels" not in found and "near_two_labels" not in found


def test_json_and_back_is_exact(world):
    world.mark("p03.png", (Thing("cat", (30.0, 40.0, 5.0, 6.0)),))
    found = world.look()
    values = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert values == found.as_dict() and audit_from_dict(values) == found and found.present


def disc(value: int, x: int = 20, y: int = 20, radius: int = 9) -> np.ndarray:
    rows, columns = np.mgrid[:60, :80]
    return np.where((columns - x) ** 2 + (rows - y) ** 2 < radius**2, value, 0)


NAMES = ((0, "ground"), (1, "cat"), (2, "dog"))


@pytest.fixture
def painted(world):
    """A mask of classes for every picture."""
    world.classes = ("cat", "dog", "ground")
    for i in range(12):
        world.mark(f"p{i:02d}.png", Mask(world.mask(f"m{i:02d}.png", disc(1) + disc(2, 60, 40)), NAMES, (255,)))
    return world


def test_sound_masks_of_classes_are_counted_in_pixels(painted):
    painted.mask("m03.png", np.where(disc(1) > 0, 1, 255))
    found = painted.look("segment")
    assert set(codes(found)) == {"pixel_imbalance"} and found.quarantined == {}
    assert found.present[0] == (0, 1, 2) and found.present[3] == (0,)
    shares = found.statistics["pixels"]["per_class"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-5) and shares["ground"] > 0.85
    assert found.statistics["pixels"]["ignored"] > 0.07 and found.statistics["classes"] == {
        "cat": 12,
        "dog": 11,
        "ground": 11,
    }


BAD_MASKS = [
    (lambda w: w.mask("m03.png", disc(7)), "mask_values", "has the value 7, which no class has"),
    (lambda w: w.mask("m03.png", disc(1)[:50]), "mask_size", "80×50 pixels, the picture 80×60"),
    (lambda w: w.mask("m03.png", disc(1).T), "mask_size", "before its EXIF orientation"),
    (lambda w: (w.root / "m03.png").unlink(), "unreadable_mask", "m03.png cannot be read"),
    (lambda w: (w.root / "m03.png").write_bytes(b"\x89PNG\r\n\x1a\n half"), "unreadable_mask", "m03.png cannot be read"),
    (lambda w: w.mask("m03.png", disc(2) * 60, format="JPEG", quality=50), "lossy_mask", "made them up"),
    (lambda w: w.mark("p03.png", Mask("", NAMES)), "no_mask", "no mask"),
    (lambda w: w.mark("p03.png", Mask("m03.png", NAMES, (), (Fault("lossy_mask", "a JPEG file"),))), "lossy_mask", "JPEG"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "code", "says"), BAD_MASKS, ids=[f"{bad[1]}-{i}" for i, bad in enumerate(BAD_MASKS)])
def test_a_bad_mask_of_classes_keeps_its_picture_out(painted, spoil, code, says):
    spoil(painted)
    found = painted.look("segment")
    assert codes(found) == {code: {"p03.png"}, "pixel_imbalance": set()}
    assert set(found.quarantined) == {3} and says in found.quarantined[3]


@pytest.mark.parametrize("colours", [False, True])
def test_masks_in_colour_are_read_by_colour(painted, colours):
    names = (((0, 0, 0), "ground"), ((200, 0, 0), "cat"), ((0, 0, 200), "dog"))
    flat = np.zeros((60, 80, 3), np.uint8)
    flat[5:20, 5:20], flat[30:50, 30:60] = (200, 0, 0), (0, 0, 200)
    if colours:
        flat[0, 0] = (1, 2, 3)
    painted.mark("p03.png", Mask(painted.mask("m03.png", flat), names))
    found = painted.look("segment")
    assert found.present[3] == (() if colours else (0, 1, 2))
    if colours:
        assert codes(found)["mask_values"] == {"p03.png"} and "(1, 2, 3)" in found.quarantined[3]


def piece(world, name: str, values: np.ndarray, **options) -> Thing:
    return Thing("cat", None, MaskFile(world.mask(name, values, **options)))


def test_masks_of_things_say_where_they_are(world):
    world.mark("p03.png", (piece(world, "a.png", disc(255)), piece(world, "b.png", disc(255, 60, 40))))
    both = world.mask("c.png", disc(3) + disc(9, 60, 40))
    world.mark("p04.png", (Thing("cat", None, MaskFile(both, 3)), Thing("dog", None, MaskFile(both, 9))))
    found = world.look("instances")
    assert found.findings == () and found.statistics["things"]["short_side"]["smallest"] == 17


BAD_PIECES = [
    (lambda w: (piece(w, "a.png", disc(0)),), "shape_empty", "no pixels"),
    (lambda w: (Thing("cat", None, MaskFile(w.mask("a.png", disc(3)), 4)),), "shape_empty", "no pixel of the value 4"),
    (lambda w: (piece(w, "a.png", disc(255)[:, :70]),), "mask_size", "70×60"),
    (lambda w: (Thing("cat", None, MaskFile("none.png")),), "unreadable_mask", "none.png"),
    (lambda w: (piece(w, "a.jpg", disc(255), quality=60),), "lossy_mask", "made some up"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "code", "says"), BAD_PIECES, ids=[f"{bad[1]}-{i}" for i, bad in enumerate(BAD_PIECES)]
)
def test_a_bad_mask_of_a_thing_keeps_its_picture_out(world, spoil, code, says):
    world.mark("p03.png", spoil(world))
    found = world.look("instances")
    assert codes(found) == {code: {"p03.png"}}
    assert set(found.quarantined) == {3} and says in found.quarantined[3]


def test_soft_masks_and_overlaps_are_named_and_kept(world):
    soft = disc(255) // 2 + disc(255, radius=6) // 4
    world.mark("p03.png", (piece(world, "a.png", soft), piece(world, "b.png", disc(255, 26, 24))))
    found = world.look("instances")
    assert codes(found) == {"soft_mask": {"p03.png"}, "overlapping_things": {"p03.png"}} and found.quarantined == {}
    assert found["overlapping_things"].rank == "note"


@pytest.mark.real
def test_the_two_spoiled_pictures_of_the_blood_cells_are_kept_out_and_no_others(real, tmp_path):
    catalog = recognise(real("bccd-voc"))
    settings, _ = choose_size(catalog, DataRecipe())
    assert (settings.height, settings.width, settings.fit) == (240, 320, "pad")
    found = audit(catalog, open_store(catalog, settings, tmp_path / "store"), DataRecipe())
    kept_out = [catalog.examples[row].key for row in found.quarantined]
    assert kept_out == ["JPEGImages/BloodImage_00338.jpg", "JPEGImages/BloodImage_00343.jpg"]
    assert found["box_empty"].keys == tuple(kept_out)


def frames(world, n: int, step: int) -> None:
    """Pictures cut from one wide scene, each `step` pixels further."""
    wide = np.random.default_rng(5).integers(0, 256, (6, 60, 3), np.uint8)
    strip = Image.fromarray(wide).resize((900, 60), Image.Resampling.BICUBIC)
    for i in range(n):
        world.put(f"p{i:02d}.png", (Thing("cat", (5.0, 6.0, 30.0, 40.0)), Thing("dog", (40.0, 10.0, 75.0, 50.0))), i)
        strip.crop((i * step, 0, i * step + 80, 60)).save(world.root / f"p{i:02d}.png")


def test_frames_of_a_recording_are_said_before_a_test_is_cut_from_them(world):
    frames(world, 40, 9)
    assert world.look()["recordings"].rank == "warning"
    world.splits = {f"p{i:02d}.png": ("train", "validation", "test")[max(0, i - 37)] for i in range(40)}
    assert "recordings" not in world.look()


def test_unrelated_pictures_are_no_recording(world):
    for i in range(40):
        world.put(f"p{i:02d}.png", (Thing("cat", (5.0, 6.0, 30.0, 40.0)), Thing("dog", (40.0, 10.0, 75.0, 50.0))), i)
    assert "recordings" not in world.look()
