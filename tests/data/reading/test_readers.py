import io
import os
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassnet.data import pixels
from glassnet.data.catalog import ClassLabel, Example
from glassnet.data.readers import LAYOUTS, from_arrays, recognise, to_bytes
from glassnet.errors import DataError

PLAIN = {f"{c}/{i}.png": None for c in ("dog", "cat") for i in range(3)}
SPLIT = {
    f"{s}/{c}/{i}.png": None
    for s, n in (("train", 3), ("val", 2), ("test", 1))
    for c in ("dog", "cat")
    for i in range(n)
}


def table(*lines):
    return "\n".join(lines).encode()


def by_key(catalog):
    return {example.key: (example.annotation.name, example.split, example.group) for example in catalog.examples}


def reasons(catalog):
    return {fault.key: fault.reason for fault in catalog.quarantined}


# folder per class


def test_a_folder_per_class_is_recognised_and_said(folder):
    root = folder(PLAIN)
    catalog = recognise(root)
    assert catalog.layout == "recognised: folder per class, 2 classes, 6 images"
    assert (catalog.classes, catalog.task, catalog.given_splits) == (("cat", "dog"), "classify", ())
    assert by_key(catalog) == {key: (key[:3], None, None) for key in PLAIN}
    for example in catalog.examples:
        assert pixels.decode(catalog.source.read(example.key)).shape == (12, 16, 3)


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Validation", "VAL"])
def test_given_splits_are_taken_by_any_of_their_names(folder, name):
    catalog = recognise(folder({path.replace("val", name): data for path, data in SPLIT.items()}))
    assert catalog.layout == "recognised: folder per class, 2 classes, train 6 + validation 4 + test 2 images"
    assert by_key(catalog)[f"{name}/cat/1.png"] == ("cat", "validation", None)


@pytest.mark.parametrize("kept", [{"train"}, {"train", "test"}, {"train", "val"}])
def test_train_goes_with_any_of_the_others(folder, kept):
    catalog = recognise(folder({path: data for path, data in SPLIT.items() if path.split("/")[0] in kept}))
    assert {"val" if s == "validation" else s for s in catalog.given_splits} == kept


def test_splits_without_train_are_refused(folder):
    with pytest.raises(DataError, match=r"test/ and val/ but no train/"):
        recognise(folder({path: data for path, data in SPLIT.items() if not path.startswith("train")}))


def test_train_can_be_a_class_of_vehicles(folder):
    catalog = recognise(folder({f"{c}/{i}.jpg": None for c in ("train", "bus", "car") for i in range(2)}))
    assert catalog.classes == ("bus", "car", "train")
    assert catalog.given_splits == ()


def test_splits_without_class_folders_are_refused(folder):
    with pytest.raises(DataError, match="no class folders"):
        recognise(folder({f"{s}/{i}.jpg": None for s in ("train", "test") for i in range(2)}))


def test_a_class_that_training_lacks_is_refused_with_the_likely_spelling(folder):
    with pytest.raises(DataError, match=r"val.* holds a class that train does not: Cat.*'cat' of train"):
        recognise(folder({"train/cat/1.png": None, "train/dog/1.png": None, "val/Cat/2.png": None}))


def test_a_class_that_a_split_lacks_is_a_note_and_nothing_is_renumbered(folder):
    catalog = recognise(folder({path: data for path, data in SPLIT.items() if path != "test/cat/0.png"}))
    assert catalog.classes == ("cat", "dog")
    assert any("missing class" in note and "test" in note and "cat" in note for note in catalog.notes)


def test_look_alike_class_names_are_noted(folder):
    catalog = recognise(folder({f"{c}/1.png": None for c in ("T shirt", "t-shirt", "cat")}))
    assert len(catalog.classes) == 3
    assert any("look-alike" in note and "'T shirt'" in note for note in catalog.notes)


def test_hidden_and_foreign_files_are_skipped_aloud(folder):
    extra = {
        ".git/config": b"x",
        "cat/.hidden.png": None,
        "cat/Thumbs.db": b"x",
        "cat/notes.txt": b"x",
        "__MACOSX/cat/1.png": None,
    }
    catalog = recognise(folder(PLAIN | extra))
    assert set(catalog.skipped) == {".git/", "cat/.hidden.png", "cat/Thumbs.db", "cat/notes.txt", "__MACOSX/"}
    assert len(catalog) == 6


def test_pictures_of_unread_formats_are_kept_out_not_dropped(folder):
    assert "HEIC" in reasons(recognise(folder(PLAIN | {"cat/phone.HEIC": b"x"})))["cat/phone.HEIC"]


def test_pictures_beside_the_class_folders_are_kept_out(folder):
    catalog = recognise(folder(PLAIN | {"lost.png": None}))
    assert "beside the class folders" in reasons(catalog)["lost.png"]
    split = recognise(folder(SPLIT | {"train/lost.png": None}, "other"))
    assert "beside the class folders" in reasons(split)["train/lost.png"]


def test_folders_beside_the_splits_are_said(folder):
    catalog = recognise(folder(SPLIT | {"unlabelled/1.png": None}))
    assert catalog.skipped == ("unlabelled/1.png",)
    assert any("unlabelled/" in note for note in catalog.notes)


def test_deeper_folders_belong_to_the_class_above(folder):
    catalog = recognise(folder(PLAIN | {"cat/persian/9.png": None}))
    assert by_key(catalog)["cat/persian/9.png"][0] == "cat"
    assert any("inside the class folders cat" in note for note in catalog.notes)


def test_an_empty_class_folder_is_noted_and_no_class(folder):
    root = folder(PLAIN)
    (root / "bird").mkdir()
    catalog = recognise(root)
    assert catalog.classes == ("cat", "dog")
    assert any("empty class: bird" in note for note in catalog.notes)


def test_a_wrapping_folder_is_stepped_into(folder):
    for files in (PLAIN, SPLIT):
        catalog = recognise(folder({f"download/{path}": data for path, data in files.items()}, f"w{len(files)}"))
        assert catalog.classes == ("cat", "dog")
        assert len(catalog) == len(files)
        assert by_key(catalog).keys() == {f"download/{path}" for path in files}


def test_one_class_is_refused(folder):
    with pytest.raises(DataError, match="one class only, 'cat'"):
        recognise(folder({"cat/1.png": None, "cat/2.png": None}))


def test_links_out_of_the_data_set_and_loops_are_not_followed(folder, tmp_path):
    root = folder(PLAIN)
    (tmp_path / "secret.png").write_bytes(b"x")
    (root / "cat/out.png").symlink_to(tmp_path / "secret.png")
    (root / "cat/gone.png").symlink_to(root / "nowhere.png")
    (root / "cat/loop").symlink_to(root, target_is_directory=True)
    (root / "away").symlink_to(tmp_path, target_is_directory=True)
    (root / "dog/inside.png").symlink_to(root / "dog/1.png")
    os.mkfifo(root / "dog/pipe.png")
    catalog = recognise(root)
    found = reasons(catalog)
    assert "leaves the data set" in found["cat/out.png"]
    assert "leaves the data set" in found["away"]
    assert "does not exist" in found["cat/gone.png"]
    assert "pipe" in found["dog/pipe.png"]
    assert "cat/loop/" in catalog.skipped
    assert len(catalog) == 7
    assert "dog/inside.png" in by_key(catalog)


def test_a_name_that_is_not_unicode_is_kept_out(folder):
    root = folder(PLAIN)
    with open(os.fsencode(root) + b"/cat/\xff.png", "wb") as file:  # noqa: PTH123
        file.write(b"x")
    assert "cat/\\udcff.png" in reasons(recognise(root))


def test_what_is_not_there_is_said_with_the_nearest_names(folder, tmp_path):
    root = folder(PLAIN)
    with pytest.raises(DataError, match=r"Did you mean photos\?"):
        recognise(root.parent / "potos")
    with pytest.raises(DataError, match="does not exist"):
        recognise(tmp_path / "no" / "where")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataError, match="is empty"):
        recognise(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"neither class folders, a labels\.csv nor boxes or masks"):
        recognise(folder({"1.png": None, "2.png": None}, "flat"))
    with pytest.raises(DataError, match="no pictures"):
        recognise(folder({"a.txt": b"x"}, "text"))
    for name, word in (
        ("cat/1.png", "one picture"),
        ("x.7z", "Pack it again"),
        ("labels.csv", "table"),
        ("x.doc", "no archive"),
    ):
        (root / name).write_bytes(b"x")
        with pytest.raises(DataError, match=word):
            recognise(root / name)
        (root / name).unlink()
    with pytest.raises(DataError, match=r"can answer classify, not detect, which needs boxes"):
        recognise(root, task="detect")
    with pytest.raises(DataError, match="'count' is not known"):
        recognise(root, task="count")


names = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0:", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    classes=st.sets(names.filter(lambda n: n.strip(". ") and not n.startswith(".")), min_size=2, max_size=6),
    data=st.data(),
)
def test_classes_are_numbered_by_name_whatever_the_order_on_disk(classes, data, tmp_path_factory, picture):
    reserved = {"__macosx", "@eadir", "thumbs.db", "desktop.ini", "images", "masks", "train", "test", "val"}
    if {name.lower() for name in classes} & reserved:
        return
    root = tmp_path_factory.mktemp("names")
    for name in data.draw(st.permutations(sorted(classes))):
        (root / name).mkdir()
        (root / name / "1.png").write_bytes(picture())
    catalog = recognise(root)
    assert catalog.classes == tuple(sorted(classes))
    assert {example.annotation.name for example in catalog.examples} == classes


# tables


def test_a_table_of_labels_groups_and_splits(folder):
    rows = table(
        "file,label,group,split", "images/1.png,cat,p1,train", "images/2.png,dog,p1,Train", "images/3.png,dog,,val"
    )
    catalog = recognise(folder({f"images/{i}.png": None for i in (1, 2, 3)} | {"labels.csv": rows}))
    assert catalog.layout == "recognised: pictures and labels.csv, 2 classes, train 2 + validation 1 images"
    assert by_key(catalog) == {
        "images/1.png": ("cat", "train", "p1"),
        "images/2.png": ("dog", "train", "p1"),
        "images/3.png": ("dog", "validation", None),
    }


@pytest.mark.parametrize("place", ["labels.csv", "images/labels.csv", "meta/labels.csv"])
@pytest.mark.parametrize("cell", ["{}.png", "images/{}.png", "./images/{}.png", "images\\{}.png", "{}"])
def test_files_are_found_however_the_table_names_them(folder, place, cell):
    rows = table("file,label", *(f"{cell.format(i)},{'ab'[i % 2]}" for i in range(4)))
    catalog = recognise(folder({f"images/{i}.png": None for i in range(4)} | {place: rows}))
    assert {key: label for key, (label, _, _) in by_key(catalog).items()} == {
        f"images/{i}.png": "ab"[i % 2] for i in range(4)
    }


@pytest.mark.parametrize(
    "header", ["filename;species", "Image\tClass", "\ufeffpath,Category", "image_id,diagnosis", '"file","label"']
)
def test_headers_and_delimiters_people_use(folder, header):
    mark = next(d for d in ";\t," if d in header)
    rows = table(header, f"1.png{mark}cat", f"2.png{mark}dog")
    assert recognise(folder({"1.png": None, "2.png": None, "labels.csv": rows})).classes == ("cat", "dog")


def test_two_columns_that_could_be_the_label_are_said(folder):
    rows = table("file,species,breed,age", "1.png,cat,siam,3", "2.png,dog,pug,4")
    catalog = recognise(folder({"1.png": None, "2.png": None, "labels.csv": rows}))
    assert catalog.classes == ("cat", "dog")
    assert any("ambiguous label" in note and "'breed'" in note for note in catalog.notes)
    assert any("columns not used: age" in note for note in catalog.notes)


def test_faults_of_a_table_are_kept_out_with_their_lines(folder):
    rows = table(
        "file,label",
        "1.png,cat",
        "2.png,dog",
        "gone.png,cat",
        "3.png,",
        "../4.png,cat",
        "/etc/passwd,cat",
        "5.png,cat",
        "5.png,dog",
        "1.png,cat",
        "short",
        ",cat",
    )
    catalog = recognise(folder({f"{i}.png": None for i in (1, 2, 3, 5, 6)} | {"labels.csv": rows}))
    assert by_key(catalog).keys() == {"1.png", "2.png"}
    found = reasons(catalog)
    for key, words in {
        "gone.png": "line 4: gone.png was not found",
        "3.png": "line 5: the label is empty",
        "../4.png": "line 6: ../4.png leads out",
        "/etc/passwd": "line 7: /etc/passwd leads out",
        "5.png": "line 9: it is listed on line 8 as 'cat' and here as 'dog'",
        "short": "line 11: the line has 1 columns",
        "labels.csv:12": "line 12: no file is named",
    }.items():
        assert words in found[key]
    assert any("line 10 repeats line 2" in note for note in catalog.notes)
    assert any("not used (1), as they are not in labels.csv" in note and "6.png" in note for note in catalog.notes)


def test_a_name_that_fits_several_pictures_is_kept_out(folder):
    rows = table("file,label", "1.png,cat", "a/2.png,dog", "a/1.png,cat")
    catalog = recognise(folder({"a/1.png": None, "b/1.png": None, "a/2.png": None, "labels.csv": rows}))
    assert "may mean" in reasons(catalog)["1.png"]
    assert len(catalog) == 2


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (b"label,age\ncat,3\n", "none that names the file"),
        (b"file,age,weight\n1.png,3,4\n", "none that names the class"),
        (b"file,label,label\n1.png,a,b\n", "twice"),
        (b"file,label\n", "at least one line"),
        (b"", "at least one line"),
        (b"file,label\n1.png,caf\xe9\n", r"not UTF-8 text \(line 2: byte 0xe9\)"),
        ("file,label\n1.png,cat\n".encode("utf-16"), "UTF-16"),
        (b'file,label\n1.png,"cat\n2.png,dog\n', "cannot be read as a table from line 2"),
        (b"file,label\nx.png,cat\ny.png,dog\n", "none of the 2 lines"),
        (b"file,label\n1.png,cat\n2.png,cat\n", "one class only"),
        (b"file,label,split\n1.png,cat,test\n2.png,dog,test\n", "none for train"),
        (b"file,label,split\n1.png,cat,train\n2.png,dog,test\n", "a class that train does not: dog"),
    ],
)
def test_a_table_that_cannot_be_used_is_a_data_error(folder, rows, words):
    with pytest.raises(DataError, match=words):
        recognise(folder({"1.png": None, "2.png": None, "labels.csv": rows}))


def test_an_unknown_split_is_kept_out_with_its_line(folder):
    rows = table("file,label,split", "1.png,cat,train", "2.png,dog,train", "3.png,dog,later", "4.png,dog,")
    found = reasons(recognise(folder({f"{i}.png": None for i in (1, 2, 3, 4)} | {"labels.csv": rows})))
    assert "line 4: the split 'later'" in found["3.png"]
    assert "line 5" in found["4.png"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.binary(max_size=200), st.text('filelabel,;\t\n"1.png/\\ca', max_size=120).map(str.encode)))
def test_any_bytes_as_a_table_give_a_catalog_or_a_data_error(folder, text):
    root = folder({"1.png": b"x", "2.png": b"x", "labels.csv": text})
    try:
        assert len(recognise(root)) <= 2
    except DataError as error:
        assert str(error)


# archives


def packed(path, files, picture):
    data = {name: picture(i) if content is None else content for i, (name, content) in enumerate(files.items())}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in data.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as archive:
            for name, content in data.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["p.zip", "p.tar", "p.tar.gz", "p.tgz", "P.ZIP"])
@pytest.mark.parametrize("wrap", ["", "photos/"])
def test_archives_are_recognised_as_folders_are(tmp_path, picture, name, wrap):
    path = packed(tmp_path / name.lower(), {wrap + file: data for file, data in SPLIT.items()}, picture).rename(
        tmp_path / name
    )
    before = sorted(tmp_path.rglob("*"))
    catalog = recognise(path)
    assert catalog.layout == "recognised: folder per class, 2 classes, train 6 + validation 4 + test 2 images"
    assert by_key(catalog)[f"{name}/{wrap}val/dog/1.png"] == ("dog", "validation", None)
    for _, data in catalog.source.iterate([e.key for e in catalog.examples]):
        assert pixels.decode(data).shape == (12, 16, 3)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_table_inside_an_archive(tmp_path, picture):
    files = {
        "set/images/1.png": None,
        "set/images/2.png": None,
        "set/labels.csv": table("file,label", "1.png,cat", "2.png,dog"),
    }
    assert recognise(packed(tmp_path / "p.zip", files, picture)).classes == ("cat", "dog")


def test_split_archives_take_their_split_from_member_paths_or_file_names(tmp_path, picture):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    for split in ("train", "test"):
        packed(inside / f"part-{split}.tar.gz", {f"{split}/{c}/1.png": None for c in ("cat", "dog")}, picture)
        packed(outside / f"set_{split}.zip", {f"{c}/1.png": None for c in ("cat", "dog")}, picture)
    assert by_key(recognise(inside))["part-test.tar.gz/test/dog/1.png"] == ("dog", "test", None)
    assert by_key(recognise(outside)) == {
        f"set_{s}.zip/{c}/1.png": (c, s, None) for s in ("train", "test") for c in ("cat", "dog")
    }


def test_hostile_members_end_in_quarantine(tmp_path, picture):
    files = PLAIN | {"../up/1.png": None, "__MACOSX/cat/._1.png": b"x"}
    catalog = recognise(packed(tmp_path / "p.zip", files, picture))
    assert len(catalog) == 6
    assert ".." in reasons(catalog)["p.zip/../up/1.png"]
    assert "p.zip/__MACOSX/cat/._1.png" in catalog.skipped


def test_archives_beside_pictures_are_skipped_aloud(folder):
    assert "old.zip" in recognise(folder(PLAIN | {"old.zip": b"x"})).skipped


# other questions


def test_classes_may_be_called_images_and_masks(folder):
    assert recognise(folder({"masks/a.png": None, "images/b.png": None})).classes == ("images", "masks")


# real sets


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cifar10", "folder per class, 10 classes, train 50,000 + test 10,000 images"),
        ("clothing10", "folder per class, 10 classes, train 1,026 + validation 117 + test 126 images"),
        ("clothing-binary", "folder per class, 2 classes, train 240 + validation 56 images"),
        ("pets-heads-voc", "pictures and labels.csv, 2 classes, train 111 + validation 37 images"),
    ],
)
def test_real_sets_are_recognised(real, name, sentence):
    catalog = recognise(real(name), task="classify")
    assert catalog.layout == f"recognised: {sentence}"
    assert not catalog.quarantined
    for example in catalog.examples[:: len(catalog) // 5]:
        assert pixels.decode(catalog.source.read(example.key)).ndim == 3


# arrays


def test_arrays_become_a_catalog():
    X = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3), np.uint8)
    catalog = from_arrays(X, [2, 10, 2, 10, 2, 10], groups=list("aabbcc"))
    assert catalog.classes == ("10", "2")
    assert catalog.examples[3] == Example("array/000003", ClassLabel("10"), None, "b")
    np.testing.assert_array_equal(pixels.decode(catalog.source.read("array/000003")), X[3])
    assert "2 classes, 6 images" in catalog.layout


@pytest.mark.parametrize(
    ("values", "dtype", "scale", "expected"),
    [
        ([0, 128, 255], np.uint8, "bytes", [0, 128, 255]),
        ([0, 1, 255], np.int64, "bytes", [0, 1, 255]),
        ([0, 0.5, 1], np.float32, "unit", [0, 128, 255]),
        ([0, 0.5, 254.6], np.float64, "bytes", [0, 1, 255]),
        ([0, 257, 65535], np.uint16, "wide", [0, 1, 255]),
        ([False, True, True], bool, "bool", [0, 255, 255]),
    ],
)
def test_values_are_understood_from_type_and_range_and_said(values, dtype, scale, expected):
    X = np.array(values, dtype).reshape(1, 1, 3)
    found, used, said = to_bytes(X)
    assert (found.ravel().tolist(), used, found.shape) == (expected, scale, (1, 1, 3, 1))
    assert said in from_arrays(np.concatenate([X, X]), ["a", "b"]).layout


def test_later_arrays_are_read_as_the_first_ones_were():
    dark = np.full((1, 2, 2), 1.0)
    assert to_bytes(dark)[0].max() == 255
    assert to_bytes(dark, "bytes")[0].max() == 1
    with pytest.raises(DataError, match="leaves the range"):
        to_bytes(np.full((1, 2, 2), 9.0), "unit")


def test_a_fourth_channel_lies_over_white():
    X = np.zeros((1, 1, 2, 4), np.uint8)
    X[0, 0, 1, 3] = 255
    assert to_bytes(X)[0].tolist() == [[[[255] * 3, [0] * 3]]]


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.zeros((4, 64)), r"rows of numbers.*Reshape"),
        (np.zeros((4, 3, 8, 8)), "channels seem to come first"),
        (np.zeros((4, 8, 8, 2)), "1, 3 or 4 channels"),
        (np.zeros((0, 8, 8)), "shape"),
        (np.zeros((4, 2, 8, 8, 3)), "shape"),
        (np.full((4, 8, 8), np.nan), "NaN"),
        (np.full((4, 8, 8), -1.0), "standardised"),
        (np.full((4, 8, 8), 300.0), "0..255"),
        (np.full((4, 8, 8), "a"), "whole numbers or floats"),
        (np.zeros((4, 8, 8), complex), "whole numbers or floats"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused_with_a_sentence(X, words):
    with pytest.raises(DataError, match=words):
        from_arrays(X, [0, 1, 0, 1])


@pytest.mark.parametrize(
    ("y", "groups", "words"),
    [
        ([0, 1, 0], None, "3 labels"),
        ([1, 1, 1, 1], None, "at least two"),
        ([[0], [1], [0], [1]], None, "one label per picture"),
        ([0, 1, None, 1], None, "no class name"),
        ([0, 1, 0, 1], [1, 2], "2 entries"),
    ],
)
def test_labels_that_do_not_fit_are_refused(y, groups, words):
    with pytest.raises(DataError, match=words):
        from_arrays(np.zeros((4, 8, 8), np.uint8), y, groups)


def test_every_layout_has_a_name_of_its_own():
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS)
