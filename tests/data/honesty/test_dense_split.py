import json
from dataclasses import replace

import numpy as np
import pytest

from glassnet.data.audit import Audit, Groups, audit
from glassnet.data.catalog import Catalog, Example, Mask, Thing, Things
from glassnet.data.labels import presence, strata
from glassnet.data.pixels import PixelSettings
from glassnet.data.rows import GOOD, ROW
from glassnet.data.sources import ArraySource
from glassnet.data.split import read_lock, split, write_lock
from glassnet.data.store import Store, open_store
from glassnet.errors import DataError
from glassnet.recipe import DataRecipe


def world(shown, bad=(), twins=(), splits=None, task="detect"):
    """Pictures that show these classes; nothing is read."""
    n = len(shown)
    rows = np.zeros(n, ROW)
    rows["status"], rows["sha256"] = GOOD, np.random.default_rng(0).integers(0, 256, (n, 32), np.uint8)
    examples = tuple(
        Example(
            f"p{i:04d}",
            Things(tuple(Thing(name, (1.0, 1.0, 9.0, 9.0)) for name in names)),
            splits[i] if splits else None,
        )
        for i, names in enumerate(shown)
    )
    classes = tuple(sorted({name for names in shown for name in names}))
    catalog = Catalog("world", "", task, classes, examples, source=None)
    store = Store(PixelSettings(1, 1), np.zeros((n, 1, 1, 3), np.uint8), rows)
    return catalog, store, Audit((), dict.fromkeys(bad, "a bad box"), Groups("none", "", ""), {}, tuple(twins), {})


def test_the_stratum_is_the_rarest_class_in_the_picture():
    catalog, _, _ = world([("cell",), ("cell", "rare"), (), ("cell", "cell")])
    present = presence(catalog)
    assert present == ((0,), (0, 1), (), (0,))
    assert strata(present, 2).tolist() == [0, 1, 2, 0]


def test_rare_classes_and_empty_pictures_reach_every_side():
    shown = [("cell", "rare") if i % 20 == 0 else () if i % 10 == 5 else ("cell",) * (1 + i % 4) for i in range(200)]
    lock = split(*world(shown), DataRecipe(), 3)
    for rows, least in ((lock.train, 6), (lock.validation, 1), (lock.test, 1)):
        assert sum("rare" in shown[row] for row in rows) >= least and sum(not shown[row] for row in rows) >= 3
    assert (len(lock.train), len(lock.validation), len(lock.test)) == (140, 30, 30)
    assert any("stratified by the rarest class in each picture" in choice.reason for choice in lock.reasons)


def test_quarantined_pictures_are_on_no_side_and_twins_on_one():
    shown = [("a",) if i % 2 else ("a", "b") for i in range(80)]
    lock = split(*world(shown, bad=(3, 4), twins=[(10, 11, 12)]), DataRecipe(), 0)
    rows = np.concatenate([lock.train, lock.validation, lock.test])
    assert sorted(rows) == [i for i in range(80) if i not in (3, 4)]
    assert sum(bool({10, 11, 12} & set(side.tolist())) for side in (lock.train, lock.validation, lock.test)) == 1


def test_one_class_is_enough_but_nothing_at_all_is_refused():
    assert len(split(*world([("cell",)] * 30), DataRecipe(), 0).train) == 20
    with pytest.raises(DataError, match="shows any thing"):
        split(*world([("a",)] * 5 + [()] * 5, splits=["validation"] * 5 + ["train"] * 5), DataRecipe(), 0)
    with pytest.raises(DataError, match=r"None of the 2 pictures .* The first: p0000: a bad box"):
        split(*world([("a",), ("a",)], bad=(0, 1)), DataRecipe(), 0)


def test_a_class_that_a_cut_cannot_hold_is_said():
    lock = split(*world([("a", "b")] * 2 + [("a",)] * 38), DataRecipe(), 0)
    assert {c.field for c in lock.reasons if c.field.endswith(".missing")} == {"data.validation.missing"}


def test_classes_in_masks_come_from_the_audit():
    shown = [("x",)] * 60
    catalog, store, found = world(shown)
    examples = tuple(replace(e, annotation=Mask(f"m{i}", ((0, "x"), (1, "y")))) for i, e in enumerate(catalog.examples))
    catalog = replace(
        catalog,
        examples=examples,
        classes=("x", "y"),
        task="segment",
        source=ArraySource(np.zeros((1, 4, 4, 1), np.uint8)),
    )
    found = replace(found, present=tuple((0, 1) if i < 6 else (0,) for i in range(60)))
    lock = split(catalog, store, found, DataRecipe(), 0)
    for rows in (lock.train, lock.validation, lock.test):
        assert (rows < 6).any()


@pytest.fixture
def boxes(draw, tmp_path):
    source = ArraySource(np.stack([draw(i, 48, 48) for i in range(24)]))
    things = Things((Thing("a", (1.0, 1.0, 20.0, 20.0)), Thing("b", (5.0, 9.0, 40.0, 30.0))))
    examples = tuple(Example(source.key(i), things) for i in range(24))
    catalog = Catalog("w", "", "detect", ("a", "b"), examples, source)
    store = open_store(catalog, PixelSettings(32, 32, "pad"), tmp_path / "store", workers=1)
    return catalog, store, split(catalog, store, audit(catalog, store, DataRecipe(group_by="none")), DataRecipe(), 0)


def moved(catalog, row, box):
    examples = list(catalog.examples)
    first, *others = examples[row].annotation.things
    examples[row] = replace(examples[row], annotation=Things((replace(first, box=box), *others)))
    return replace(catalog, examples=tuple(examples))


def test_a_moved_box_is_another_label_and_the_order_of_boxes_is_none(boxes):
    catalog, store, lock = boxes
    assert not lock.check(catalog, store)
    changes = lock.check(moved(catalog, 5, (1.0, 1.0, 20.0, 21.0)), store)
    assert [key for key, _, _ in changes.relabelled] == [catalog.examples[5].key]
    assert changes.text() == f"1 with other boxes or masks ({catalog.examples[5].key})"
    with pytest.raises(DataError, match="1 with other boxes or masks"):
        lock.align(moved(catalog, 5, (1.0, 1.0, 20.0, 21.0)), store)
    turned = tuple(
        replace(e, annotation=replace(e.annotation, things=e.annotation.things[::-1])) for e in catalog.examples
    )
    assert not lock.check(replace(catalog, examples=turned), store)


def test_the_lock_of_boxes_stays_a_line_of_text_per_picture_and_its_digest_follows_the_boxes(boxes, tmp_path):
    catalog, store, lock = boxes
    write_lock(tmp_path / "lock.json", lock)
    text = (tmp_path / "lock.json").read_text()
    assert read_lock(tmp_path / "lock.json").as_dict() == lock.as_dict() == json.loads(text)
    assert sum(line.startswith("[") for line in text.splitlines()) == 24 and len(set(lock.labels)) == 1
    assert all(len(label) == 16 for label in lock.labels)
    other = moved(catalog, 5, (2.0, 1.0, 20.0, 20.0))
    again = split(other, store, audit(other, store, DataRecipe(group_by="none")), DataRecipe(), 0)
    assert again.digest != lock.digest
