"""Truths: what is true of a picture, from annotations of every kind."""

import numpy as np
import pytest

from glassnet.data.catalog import Catalog, ClassLabel, Example, Mask, MaskFile, Polygon, Thing, Things
from glassnet.data.headers import BadImage
from glassnet.data.pixels import PixelSettings
from glassnet.data.shapes import rle_of
from glassnet.data.store import open_store
from glassnet.data.truths import Truth, annotation_digest, truth_of, truths
from glassnet.errors import DataError

SQUARE = Polygon(((1.0, 1.0, 7.0, 1.0, 7.0, 7.0, 1.0, 7.0),))


class Memory:
    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.reads = files, []

    def read(self, key: str) -> bytes:
        self.reads.append(key)
        if key not in self.files:
            raise DataError(f"{key} could not be read.")
        return self.files[key]

    def stamp(self, key: str) -> tuple[int, int]:
        return len(self.read(key)), 0

    def release(self) -> None: ...


def catalog_of(*annotations, files=None, classes=("a", "b")) -> Catalog:
    examples = tuple(Example(f"{i}.png", annotation) for i, annotation in enumerate(annotations))
    return Catalog("x", "", "detect", classes, examples, Memory(files or {}))


def test_boxes_only():
    things = Things((Thing("b", (1.0, 2.0, 3.0, 5.5)), Thing("a", (0.0, 0.0, 9.0, 9.0), crowd=True)))
    truth = truth_of(catalog_of(things), 0, 10, 10)
    assert truth.labels.tolist() == [1, 0]
    assert truth.boxes.dtype == np.float64
    assert truth.boxes.tolist() == [[1, 2, 3, 5.5], [0, 0, 9, 9]]
    assert truth.crowd.tolist() == [False, True]
    assert not truth.shaped
    assert truth.hull(0).tolist() == [[1, 2], [3, 2], [3, 5.5], [1, 5.5]]
    with pytest.raises(DataError, match="Only the box"):
        truth.mask(0)
    with pytest.raises(DataError, match="Only the box"):
        truth.classes_map()


def test_shapes_say_where_a_thing_is(png):
    values = np.zeros((10, 10), np.uint8)
    values[3:5, 6:9] = 4
    runs = rle_of(values == 4)
    shapes = (SQUARE, runs, MaskFile("m"), MaskFile("m", 4))
    catalog = catalog_of(Things(tuple(Thing("a", None, shape) for shape in shapes)), files={"m": png(values)})
    truth = truth_of(catalog, 0, 10, 10)
    assert truth.boxes.tolist() == [[1, 1, 7, 7], [6, 3, 9, 5], [6, 3, 9, 5], [6, 3, 9, 5]]
    assert truth.mask(0).sum() == 36
    for number in (1, 2, 3):
        assert (truth.mask(number) == (values == 4)).all()
        assert len(truth.hull(number)) == 4


def test_a_file_shared_by_things_is_read_once(png):
    values = np.arange(100, dtype=np.uint8).reshape(10, 10)
    things = Things(tuple(Thing("a", None, MaskFile("m", value)) for value in range(1, 60)))
    catalog = catalog_of(things, files={"m": png(values)})
    truth = truth_of(catalog, 0, 10, 10)
    for number in range(len(truth)):
        assert truth.mask(number).sum() == 1
    assert catalog.source.reads == ["m"]


@pytest.mark.parametrize("kept", [0, 900, 64 * 2**20])
def test_each_thing_with_a_file_of_its_own_is_read_once_where_memory_allows(kept, png, monkeypatch):
    monkeypatch.setattr("glassnet.data.truths._KEPT", kept)
    files = {f"m{i}": png(np.eye(10, k=i, dtype=np.uint8)) for i in range(5)}
    catalog = catalog_of(Things(tuple(Thing("a", None, MaskFile(key)) for key in files)), files=files)
    truth = truth_of(catalog, 0, 10, 10)
    for i in range(5):
        assert (truth.mask(i) == np.eye(10, k=i, dtype=bool)).all()
        assert len(truth.hull(i)) >= 4
    assert (len(catalog.source.reads) == 5) == (kept > 900)


def test_smaller_things_lie_on_top_and_crowds_below():
    small, large = np.zeros((6, 6), bool), np.zeros((6, 6), bool)
    small[2:4, 2:4] = True
    large[1:5, 1:5] = True
    crowd = np.zeros((6, 6), bool)
    crowd[:3] = True
    things = Things(
        (Thing("a", None, rle_of(small)), Thing("b", None, rle_of(large)), Thing("a", None, rle_of(crowd), crowd=True))
    )
    pixels = truth_of(catalog_of(things, classes=("a", "b", "background")), 0, 6, 6).classes_map()
    wanted = np.full((6, 6), 2)
    wanted[:3], wanted[1:5, 1:5], wanted[2:4, 2:4] = 255, 1, 0
    assert pixels.dtype == np.uint8
    assert (pixels == wanted).all()
    without = truth_of(catalog_of(things), 0, 6, 6).classes_map()
    assert (without[5] == 255).all()  # no class for pixels without a thing


def test_masks_of_classes(png):
    values = np.array([[0, 5], [255, 0]], np.uint8)
    catalog = catalog_of(Mask("m", ((0, "b"), (5, "a")), (255,)), Mask("m", ((0, "b"),)), files={"m": png(values)})
    assert truth_of(catalog, 0, 2, 2).classes_map().tolist() == [[1, 0], [255, 1]]
    assert len(truth_of(catalog, 0, 2, 2)) == 0
    with pytest.raises(DataError, match=r"value 5, which has no class \(2 such"):
        truth_of(catalog, 1, 2, 2).classes_map()
    with pytest.raises(DataError, match="one size"):
        truth_of(catalog, 0, 3, 2).classes_map()


def test_background_is_a_truth_without_things():
    truth = truth_of(catalog_of(Things(), classes=("a", "background")), 0, 3, 4)
    assert (len(truth), truth.boxes.shape, truth.shaped) == (0, (0, 4), True)
    assert (truth.classes_map() == 1).all()


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (Things((Thing("zebra", (0, 0, 1, 1)),)), "'zebra' is not in the class list"),
        (Things((Thing("a"),)), "neither a box nor a shape"),
        (Things((Thing("a", None, MaskFile("gone")),)), "gone"),
        (ClassLabel("a"), "neither boxes nor masks"),
    ],
)
def test_what_cannot_be_true_names_its_picture(annotation, said):
    with pytest.raises(DataError, match=said) as raised:
        truth_of(catalog_of(annotation), 0, 4, 4)
    assert "0.png" in str(raised.value)


def test_truths_have_the_size_of_their_upright_picture(png, tmp_path):
    from PIL import Image

    exif = Image.Exif()
    exif[274] = 6
    values = np.random.default_rng(0).integers(0, 255, (8, 12, 3), np.uint8)
    files = {"0.png": png(values, "JPEG", exif=exif), "1.png": png(values), "2.png": b"broken"}
    catalog = catalog_of(*[Things((Thing("a", (0.0, 0.0, 2.0, 2.0)),))] * 3, files=files)
    store = open_store(catalog, PixelSettings(16, 16), tmp_path)
    found = truths(catalog, store, [1, 0])
    assert [(truth.height, truth.width) for truth in found] == [(8, 12), (12, 8)]
    with pytest.raises(DataError, match=r"2\.png cannot be used"):
        truths(catalog, store, [2])


def test_truths_can_be_made_of_arrays():
    mask = np.zeros((4, 4), bool)
    mask[1:3, 1:3] = True
    truth = Truth(4, 4, np.array([0]), np.array([[1.0, 1, 3, 3]]), np.array([False]), [mask])
    assert truth.mask(0) is mask
    assert len(truth.hull(0)) == 4
    assert truth.classes_map()[0, 0] == 255


def test_digests_differ_where_annotations_do(png):
    base = Thing("a", (0.0, 0.0, 2.0, 2.0))
    things = [
        Things((base,)),
        Things((Thing("b", base.box),)),
        Things((Thing("a", (0.0, 0.0, 2.0, 2.5)),)),
        Things((Thing("a", base.box, crowd=True),)),
        Things((Thing("a", base.box, SQUARE),)),
        Things((base, base)),
        Things(),
        Mask("m", ((0, "a"),)),
        Mask("m", ((0, "b"),)),
        ClassLabel("a"),
    ]
    files = {"m": png(np.zeros((2, 2), np.uint8))}
    catalog = catalog_of(*things, files=files)
    digests = [annotation_digest(catalog, row) for row in range(len(things))]
    assert len(set(digests)) == len(things)
    other = Things((Thing("b", (1.0, 1.0, 2.0, 2.0)), base), key="elsewhere.xml")
    same = catalog_of(Things((base, Thing("b", (1.0, 1.0, 2.0, 2.0)))), other)
    assert annotation_digest(same, 0) == annotation_digest(same, 1)  # neither order nor file names count


def test_bad_mask_files_stay_bad_images(png):
    catalog = catalog_of(Things((Thing("a", None, MaskFile("m")),)), files={"m": png(np.zeros((9, 9), np.uint8))[:40]})
    with pytest.raises(DataError, match=r"0\.png: The mask m cannot be used\. The PNG"):
        truth_of(catalog, 0, 9, 9)
    assert issubclass(BadImage, DataError)
