"""Pictures and masks of classes: laid out in the ways people do, with and without a table, and spoiled."""

import numpy as np
import pytest

from glassnet.data.catalog import Mask
from glassnet.data.mask_files import mask_values
from glassnet.data.readers import indexed, masks
from glassnet.data.readers.listing import list_files
from glassnet.data.truths import class_map, truth_of
from glassnet.errors import DataError

NAME = "masks of classes"


@pytest.mark.parametrize(
    ("picture", "mask_of", "split"),
    [
        ("images/{}.jpg", "masks/{}.png", None),
        ("Image/{}.JPG", "Mask/{}.PNG", None),
        ("JPEGImages/{}.jpg", "SegmentationClass/{}.png", None),
        ("train/images/{}.png", "train/labels/{}.png", "train"),
        ("images/train/{}.png", "annotations/train/{}.png", "train"),
        ("images/train2017/{}.png", "annotations/train2017/{}.png", "train"),
        ("set/train/{}.png", "set/trainannot/{}.png", "train"),
        ("train/{}.jpg", "train_masks/{}_mask.gif", "train"),
        ("{}.jpg", "{}_mask.png", None),
        ("photos of cells/{}.jpg", "photos of cells/{}-seg.png", None),
        ("images/{}.jpg", "masks/{}_L.png", None),
    ],
)
def test_names_are_paired(picture, mask_of, split, write, photo, mask, halves, taken):
    files = {}
    for stem in ("a", "b", "c"):
        files[picture.format(stem)] = photo(kind="JPEG" if picture.lower().endswith("jpg") else "PNG")
        files[mask_of.format(stem)] = mask(halves(0, 1), "GIF" if mask_of.endswith("gif") else "PNG")
    name, catalog = taken(write(files))
    assert name == NAME
    assert catalog.answers == ("segment",)
    assert catalog.task == "segment"
    assert catalog.classes == ("background", "foreground")
    assert [(e.key, e.annotation.key, e.split) for e in catalog.examples] == [
        (picture.format(stem), mask_of.format(stem), split) for stem in ("a", "b", "c")
    ]
    assert not catalog.quarantined


def test_class_folders_called_mask_are_classes(write, photo, taken):
    stems = range(6)
    assert taken(
        write({f"mask/{i}.png": photo(i) for i in stems} | {f"no_mask/{i}.png": photo(i + 9) for i in stems})
    ) == (None, None)


def test_class_folders_called_images_and_masks_are_told_by_their_pixels(write, photo, taken):
    files = {f"{kind}/{i}.png": photo(i + 10 * (kind == "masks")) for kind in ("images", "masks") for i in range(6)}
    assert taken(write(files)) == (None, None)


def test_0_and_255_are_background_and_foreground(write, photo, mask, halves, taken):
    _, catalog = taken(write({"images/a.png": photo(), "masks/a.png": mask(halves(0, 255))}))
    assert catalog.examples[0].annotation == Mask("masks/a.png", ((0, "background"), (255, "foreground")))
    assert any("255 is foreground" in note for note in catalog.notes)
    truth = truth_of(catalog, 0, 16, 24)
    assert (truth.classes_map() == halves(0, 1)).all()


def test_masks_that_were_saved_as_colour_count_as_grey(write, photo, mask, halves, taken):
    grey = np.repeat(halves(0, 255)[:, :, None], 3, axis=2)
    _, catalog = taken(write({"images/a.png": photo(), "masks/a.png": mask(grey)}))
    assert catalog.classes == ("background", "foreground")
    assert (truth_of(catalog, 0, 16, 24).classes_map() == halves(0, 1)).all()


@pytest.mark.parametrize("palette", [True, False])
def test_an_index_without_a_table_counts_its_classes(palette, write, photo, mask, halves, taken):
    files = {"images/a.png": photo(), "masks/a.png": mask(halves(0, 2), palette=palette)}
    files |= {"images/b.png": photo(1), "masks/b.png": mask(halves(7, 255), palette=palette)}
    name, catalog = taken(write(files))
    assert name == NAME
    assert catalog.classes == ("class 0", "class 2", "class 7")
    assert catalog.examples[0].annotation.ignore == (255,)
    said = " ".join(catalog.notes)
    assert "255" in said
    assert "classes.csv" in said
    assert "--task instances" in said
    pixels = truth_of(catalog, 1, 16, 24).classes_map()
    assert (pixels == halves(2, 255)).all()


@pytest.mark.parametrize(
    "table",
    [
        {"classes.csv": "index,name,red,green,blue\n0,Sky,1,2,3\n1,Road,4,5,6\n2,Unlabelled,0,0,0\n"},
        {"classes.csv": "name;index\nRoad;1\nSky;0\nvoid;2\n"},
        {"masks/classes.txt": "Sky\nRoad\nignore\n"},
        {"codes.txt": "0: Sky\n1: Road\n2: Void\n"},
        {"label_colors.txt": "1 2 3 Sky\n4 5 6 Road\n0 0 0 Unlabeled\n"},
    ],
)
def test_a_table_names_the_numbers(table, write, photo, mask, halves, taken):
    files = {"images/a.png": photo(), "masks/a.png": mask(halves(0, 1))}
    files |= {"images/b.png": photo(1), "masks/b.png": mask(halves(1, 2))}
    _, catalog = taken(write(files | table))
    assert catalog.classes == ("Road", "Sky")
    assert 2 in catalog.examples[0].annotation.ignore
    assert any("ignored" in note for note in catalog.notes)
    assert (truth_of(catalog, 0, 16, 24).classes_map() == halves(1, 0)).all()
    assert (truth_of(catalog, 1, 16, 24).classes_map() == halves(0, 255)).all()


def test_colours_and_a_table(write, photo, mask, halves, taken):
    colours = np.zeros((16, 24, 3), np.uint8)
    colours[:, 12:] = (128, 64, 128)
    files = {"images/a.png": photo(), "masks/a.png": mask(colours)}
    _, catalog = taken(write(files | {"class_dict.csv": "name,r,g,b\nVoid,0,0,0\nRoad,128,64,128\nTree,128,128,0\n"}))
    assert catalog.classes == ("Road", "Tree")
    assert (truth_of(catalog, 0, 16, 24).classes_map() == halves(255, 0)).all()
    _, catalog = taken(write(files | {"classes.csv": "name,colour\nEarth,#000000\nRoad,#804080\n"}, "other"))
    assert catalog.classes == ("Earth", "Road")


def test_a_table_of_colours_names_palettes_by_their_colours(write, photo, mask, halves, taken):
    palette = [(9, 9, 9), (1, 1, 1), (5, 6, 7), (2, 2, 2), (128, 64, 128)]
    files = {"images/a.png": photo(), "masks/a.png": mask(halves(2, 4), palette=palette)}
    _, catalog = taken(write(files | {"classes.csv": "name,r,g,b\nRoad,128,64,128\nTree,5,6,7\n"}))
    assert catalog.examples[0].annotation.names == ((4, "Road"), (2, "Tree"))


def test_a_table_that_leaves_out_the_background(write, photo, mask, halves, taken):
    files = {
        "images/a.png": photo(),
        "masks/a.png": mask(halves(0, 1)),
        "images/b.png": photo(),
        "masks/b.png": mask(halves(0, 2)),
    }
    _, catalog = taken(write(files | {"classes.txt": "cat\ndog\n"}))
    assert catalog.examples[0].annotation.names == ((0, "background"), (1, "cat"), (2, "dog"))
    assert any("counted from 1" in note for note in catalog.notes)
    binary = {"images/a.png": photo(), "masks/a.png": mask(halves(0, 255))}
    _, catalog = taken(write(binary | {"classes.csv": "index,name\n1,crack\n"}, "cracks"))
    assert catalog.examples[0].annotation.names == ((0, "background"), (255, "crack"))
    assert any("255 is what classes.csv calls 1" in note for note in catalog.notes)


def test_colours_without_a_table_say_what_to_write(write, photo, mask, taken):
    colours = np.zeros((16, 24, 3), np.uint8)
    colours[:, 12:] = (128, 64, 128)
    with pytest.raises(DataError, match=r"classes\.csv .* name,r,g,b .* name,128,64,128"):
        taken(write({"images/a.png": photo(), "masks/a.png": mask(colours)}))


def test_colours_and_a_table_of_numbers_say_what_is_missing(write, photo, mask, taken):
    colours = np.zeros((16, 24, 3), np.uint8)
    colours[:, 12:] = (128, 64, 128)
    with pytest.raises(DataError, match="gives no colours"):
        taken(write({"images/a.png": photo(), "masks/a.png": mask(colours), "classes.csv": "index,name\n0,a\n1,b\n"}))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("index,name\n0,a\n0,b\n", "gives the index 0 to both 'a' and 'b'"),
        ("index,name\n0,a\nx,b\n", "line 3: 'x' is no whole number"),
        ("index,name\n0,a\n1,\n", "line 3: the name is empty"),
        ("index,colour\n0,#000000\n", "none called name"),
        ("name,r,g,b\na,0,0,300\n", "'300' is no whole number from 0 to 255"),
        ("name,colour\na,blueish\n", "'blueish' is no colour"),
        ("index,name\n", "no line below"),
        ("", "is empty"),
    ],
)
def test_tables_that_make_no_sense_name_the_line(table, said, write, photo, mask, halves, taken):
    with pytest.raises(DataError, match=said):
        taken(write({"images/a.png": photo(), "masks/a.png": mask(halves(0, 1)), "classes.csv": table}))


def test_smoothed_masks_are_refused(write, photo, mask, taken):
    values = np.zeros((40, 300), np.uint8)
    values[:, 100:] = np.repeat(np.arange(50, 250, dtype=np.uint8), 1)[None]
    values[:20] = 0
    with pytest.raises(DataError, match="Smoothed edges"):
        masks.LAYOUT.read(list_files(write({"images/a.png": photo(), "masks/a.png": mask(values)})))


def test_jpeg_masks_are_refused_where_all_are_and_faults_where_some_are(write, photo, mask, halves, taken):
    files = {"images/a.png": photo(), "masks/a.jpg": mask(halves(0, 255), "JPEG")}
    with pytest.raises(DataError, match="JPEG changes values"):
        taken(write(files))
    _, catalog = taken(write(files | {"images/b.png": photo(), "masks/b.png": mask(halves(0, 255))}, "both"))
    codes = {e.key: [fault.code for fault in e.annotation.faults] for e in catalog.examples}
    assert codes == {"images/a.png": ["lossy_mask"], "images/b.png": []}


def test_what_is_missing_is_said(write, photo, mask, halves, taken):
    files = {f"train/images/{s}.png": photo() for s in "abcd"} | {
        f"train/masks/{s}.png": mask(halves(0, 1)) for s in "abc"
    }
    files |= {"train/masks/zz.png": mask(halves(0, 1)), "test/images/q.png": photo()}
    _, catalog = taken(write(files))
    faulty = {e.key: e.annotation.faults[0].code for e in catalog.examples if e.annotation.faults}
    assert faulty == {"train/images/d.png": "no_mask"}
    assert [q.key for q in catalog.quarantined] == ["train/masks/zz.png"]
    assert "test/images/q.png" in catalog.skipped
    assert any("1 pictures of test have no masks" in note for note in catalog.notes)


def test_two_pictures_for_one_mask_are_kept_out(write, photo, mask, halves, taken):
    files = {"images/a.png": photo(), "images/a.jpg": photo(kind="JPEG"), "masks/a.png": mask(halves(0, 1))}
    _, catalog = taken(write(files | {"images/b.png": photo(), "masks/b.png": mask(halves(0, 1))}))
    assert [e.key for e in catalog.examples] == ["images/b.png"]
    assert {q.key for q in catalog.quarantined} == {"images/a.png", "images/a.jpg"}


def test_only_the_listed_pictures_of_a_voc_set_are_segmented(write, photo, mask, halves, taken):
    files = {f"JPEGImages/{s}.png": photo() for s in "abcdefgh"}
    files |= {f"SegmentationClass/{s}.png": mask(halves(0, 15), palette=True) for s in "abc"}
    files |= {"ImageSets/Segmentation/train.txt": "a\nb\n", "ImageSets/Segmentation/val.txt": "c\n"}
    _, catalog = taken(write(files))
    assert [(e.key[-5], e.split) for e in catalog.examples] == [("a", "train"), ("b", "train"), ("c", "validation")]


def test_splits_without_train_and_masks_of_one_class_are_refused(write, photo, mask, halves, taken):
    with pytest.raises(DataError, match="none for train"):
        taken(write({"val/images/a.png": photo(), "val/masks/a.png": mask(halves(0, 1))}))
    with pytest.raises(DataError, match="all of one class"):
        taken(write({"images/a.png": photo(), "masks/a.png": mask(halves(3, 3))}, "one"))


def test_spoiled_masks_do_not_cost_the_others(write, photo, mask, halves, taken):
    spoiled = {"empty": b"", "half": mask(halves(0, 1))[:50], "text": b"hello"}
    files = {f"images/{name}.png": photo() for name in (*spoiled, "good", "small", "strange")}
    files |= {f"masks/{name}.png": data for name, data in spoiled.items()}
    files |= {
        "masks/good.png": mask(halves(0, 1)),
        "masks/small.png": mask(halves(0, 1)[:8]),
        "masks/strange.png": mask(halves(0, 9)),
    }
    _, catalog = taken(write(files | {"classes.csv": "index,name\n0,a\n1,b\n"}))
    rows = {e.key[7:-4]: row for row, e in enumerate(catalog.examples)}
    assert (truth_of(catalog, rows["good"], 16, 24).classes_map() == halves(0, 1)).all()
    for name, said in {
        "empty": "0 bytes",
        "half": "ends before",
        "text": "no picture",
        "small": "one size",
        "strange": "value 9",
    }.items():
        with pytest.raises(DataError, match=said) as raised:
            truth_of(catalog, rows[name], 16, 24).classes_map()
        assert name in str(raised.value)


def test_the_palette_index_is_the_class_and_not_the_colour(mask, halves):
    values = mask_values(mask(halves(3, 200), palette=True))
    annotation = Mask("m", ((3, "x"),), (200,))
    assert (class_map("m", values, annotation, ("w", "x")) == halves(1, 255)).all()


def test_masks_that_number_things_are_left_to_the_other_layout(write, photo, mask, scattered, taken):
    files = {f"images/{i}.png": photo(i) for i in range(6)} | {
        f"masks/{i}.png": mask(scattered(2 + i)) for i in range(6)
    }
    root = write(files)
    assert not masks.LAYOUT.claims(list_files(root))
    assert indexed.LAYOUT.claims(list_files(root))
    root = write(files | {"classes.csv": "index,name\n" + "".join(f"{i},class{i}\n" for i in range(9))}, "named")
    assert masks.LAYOUT.claims(list_files(root))  # a table says that they are classes
    assert not indexed.LAYOUT.claims(list_files(root))


def test_a_task_overrides_what_the_values_were_taken_for(write, photo, mask, halves, scattered):
    from glassnet.data.readers import recognise

    files = {f"images/{i}.png": photo(i) for i in range(6)}
    classes = write(files | {f"masks/{i}.png": mask(halves(0, 1 + i % 2)) for i in range(6)}, "classes")
    numbers = write(files | {f"masks/{i}.png": mask(scattered(2 + i)) for i in range(6)}, "numbers")
    assert recognise(classes).task == "segment"
    assert recognise(numbers).task == "instances"
    assert [recognise(classes, task).classes for task in ("segment", "instances")] == [
        ("class 0", "class 1", "class 2"),
        ("object",),
    ]
    assert recognise(numbers, "segment").classes == ("background", "object")
    table = "index,name\n" + "".join(f"{i},name {i}\n" for i in range(9))
    (numbers / "classes.csv").write_text(table)
    assert recognise(numbers).task == "segment"
    with pytest.raises(DataError, match="can answer segment, not instances"):
        recognise(numbers, "instances")


@pytest.mark.real
def test_the_streets_of_camvid_and_the_nuclei(real):
    from glassnet.data.readers import recognise

    streets = recognise(real("camvid-semantic"))
    assert streets.layout == "recognised: pictures and masks of classes, 11 classes, train 123 + validation 34 images"
    assert streets.examples[0].annotation.ignore == (11, 255)
    assert "Unlabelled" not in streets.classes
    pixels = truth_of(streets, 0, 360, 480).classes_map()
    assert set(np.unique(pixels)) <= {*range(11), 255}
    nuclei = recognise(real("nuclei-instances"))
    assert (len(nuclei), nuclei.task) == (52, "instances")
    assert sum(len(e.annotation.things) for e in nuclei.examples) == 1242
    assert sorted(str(e.split) for e in nuclei.examples).count("train") == 42


def test_masks_are_read_where_they_are_in_an_archive(write, photo, mask, halves, scattered, tmp_path):
    import shutil

    from glassnet.data.readers import recognise

    files = {f"train/images/{i}.png": photo(i) for i in range(20)}
    classes = write(files | {f"train/masks/{i}.png": mask(halves(0, 1 + i % 2)) for i in range(20)}, "classes")
    things = write(files | {f"train/masks/{i}.png": mask(scattered(2 + i)) for i in range(20)}, "things")
    for folder in (classes, things):
        packed = shutil.make_archive(str(tmp_path / folder.name), "gztar", folder)
        here, there = recognise(folder), recognise(packed)
        assert there.classes == here.classes
        for row in (0, 13):
            assert (truth_of(there, row, 16, 24).labels == truth_of(here, row, 16, 24).labels).all()
    assert (truth_of(there, 3, 16, 24).mask(1) == truth_of(here, 3, 16, 24).mask(1)).all()
