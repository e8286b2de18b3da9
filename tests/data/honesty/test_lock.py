import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from glassnet.data.audit import audit
from glassnet.data.split import read_lock, split, write_lock
from glassnet.errors import DataError, StorageError
from glassnet.recipe import DataRecipe


@pytest.fixture
def locked(paint, tmp_path):
    paint.classes({"cat": 12, "dog": 12})
    paint.save("cat/größe.png", np.full((20, 20, 3), 3, np.uint8))
    (paint.root / "dog/bad.png").write_bytes(b"no picture")
    catalog, store = paint.store(tmp_path / "store")
    return split(catalog, store, audit(catalog, store, DataRecipe()), DataRecipe(), 7)


def same(a, b):
    assert a.digest == b.digest and a.as_dict() == b.as_dict()
    for name in ("train", "validation", "test"):
        assert a.rows(name).dtype == np.int64
        np.testing.assert_array_equal(a.rows(name), b.rows(name))


def test_file_and_back_is_exact_and_strict_json_with_a_line_per_picture(locked, tmp_path):
    write_lock(tmp_path / "data.lock.json", locked)
    same(read_lock(tmp_path / "data.lock.json"), locked)
    text = (tmp_path / "data.lock.json").read_text()
    assert json.loads(text) == json.loads(json.dumps(locked.as_dict()))
    assert sum(line.startswith("[") for line in text.splitlines()) == 26


@pytest.mark.parametrize(
    ("old", "new"),
    [('"test"]', '"train"]'), ('"cat","train"', '"dog","train"'), ('"train"]', '"everywhere"]'), ('"lock": 1', '"lock": 9'), ("]}", "")],
)  # fmt: skip
def test_a_lock_that_was_tampered_with_is_refused(locked, tmp_path, old, new):
    path = tmp_path / "data.lock.json"
    write_lock(path, locked)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(StorageError, match=r"data\.lock\.json"):
        read_lock(path)


def test_a_missing_lock_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match=r"data\.lock\.json"):
        read_lock(tmp_path / "data.lock.json")


def test_check_says_exactly_what_changed(locked, paint, draw, tmp_path):
    assert not locked.check(*paint.store(tmp_path / "store"))
    paint.save("cat/new.png", draw(500))
    (paint.root / "cat/0000.png").unlink()
    paint.save("cat/0001.png", draw(501))
    (paint.root / "dog/0002.png").rename(paint.root / "dog/other.png")
    changes = locked.check(*paint.store(tmp_path / "store"))
    assert changes and changes.added == ("cat/new.png",) and changes.removed == ("cat/0000.png",)
    assert changes.changed == ("cat/0001.png",) and changes.renamed == (("dog/0002.png", "dog/other.png"),)
    assert changes.relabelled == () and changes.classes == ()
    assert "1 added (cat/new.png)" in changes.text() and "dog/0002.png → dog/other.png" in changes.text()
    with pytest.raises(DataError, match="1 removed"):
        locked.align(*paint.store(tmp_path / "store"))


def test_a_new_label_in_the_table_is_relabelled(paint, draw, tmp_path):
    for i in range(12):
        paint.save(f"images/{i}.png", draw(i))
    table = paint.root / "labels.csv"
    table.write_text("file,label\n" + "".join(f"images/{i}.png,{'ab'[i % 2]}\n" for i in range(12)))
    catalog, store = paint.store(tmp_path / "store")
    lock = split(catalog, store, audit(catalog, store, DataRecipe()), DataRecipe(), 0)
    table.write_text(table.read_text().replace("4.png,a", "4.png,b"))
    assert lock.check(*paint.store(tmp_path / "store")).relabelled == (("images/4.png", "a", "b"),)


def test_align_follows_another_order_of_the_same_pictures(locked, paint, tmp_path):
    catalog, store = paint.store(tmp_path / "store")
    order = np.arange(len(catalog))[::-1]
    turned = replace(catalog, examples=tuple(catalog.examples[i] for i in order))
    moved = replace(store, rows=store.rows[order])
    aligned = locked.align(turned, moved)
    assert aligned.digest == locked.digest
    for name in ("train", "validation", "test"):
        assert {turned.examples[i].key for i in aligned.rows(name)} == {locked.keys[i] for i in locked.rows(name)}


def test_a_copy_of_the_folder_under_other_names_has_the_same_digest(locked, paint, tmp_path):
    for i, path in enumerate(sorted((paint.root / "cat").iterdir())):
        path.rename(path.with_name(f"x{100 - i}.png"))
    shutil.rmtree(tmp_path / "store")
    catalog, store = paint.store(tmp_path / "store")
    again = split(catalog, store, audit(catalog, store, DataRecipe()), DataRecipe(), 7)
    assert again.digest == locked.digest
