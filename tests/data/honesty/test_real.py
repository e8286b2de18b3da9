"""The real sets: what is known of them must be found, and nothing must be made up."""

import numpy as np
import pytest

from glassnet.data.audit import audit
from glassnet.data.audit.groups import guess
from glassnet.data.pixels import PixelSettings
from glassnet.data.readers import recognise
from glassnet.data.sizing import choose_size
from glassnet.data.split import read_lock, split, write_lock
from glassnet.data.store import open_store
from glassnet.recipe import DataRecipe

pytestmark = pytest.mark.real


def prepared(root, folder, **recipe):
    recipe = DataRecipe(**recipe)
    catalog = recognise(root)
    settings, _ = choose_size(catalog, recipe)
    store = open_store(catalog, settings, folder)
    return catalog, store, audit(catalog, store, recipe), recipe


def test_clothing10_keeps_its_three_splits(real, tmp_path):
    catalog, store, found, recipe = prepared(real("clothing10"), tmp_path)
    lock = split(catalog, store, found, recipe, 0)
    assert (len(lock.train), len(lock.validation), len(lock.test)) == (1026, 117, 126)
    assert store.good.all() and found.quarantined == {} and found.groups.source == "none"
    assert {finding.rank for finding in found.findings} <= {"warning", "note"}
    assert len(found.twins) <= 3


def test_clothing_binary_gets_a_test_from_train_and_a_readable_lock(real, tmp_path):
    catalog, store, found, recipe = prepared(real("clothing-binary"), tmp_path / "store")
    lock = split(catalog, store, found, recipe, 0)
    assert (len(lock.train), len(lock.validation), len(lock.test)) == (204, 56, 36)
    write_lock(tmp_path / "data.lock.json", lock)
    assert not read_lock(tmp_path / "data.lock.json").check(catalog, store)


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        ("*.jpg", "bccd-voc/JPEGImages"),
        ("*", "cards-yolo/images/train"),
        ("*.jpg", "pets-heads-voc/JPEGImages"),
        ("**/*.jpg", "clothing10"),
    ],
)
def test_no_groups_are_seen_in_names_without_groups(real, pattern, where):
    folder = real(where.partition("/")[0])
    keys = sorted(
        p.relative_to(folder).as_posix() for p in (folder / where.partition("/")[2]).glob(pattern) if p.is_file()
    )
    assert len(keys) > 50
    assert guess(keys, np.array([int(key.rpartition("/")[2][0].islower()) for key in keys])).source == "none"


def test_cifar_has_a_few_hundred_true_near_duplicates_and_no_false_thousands(real, tmp_path):
    catalog = recognise(real("cifar10"))
    store = open_store(catalog, PixelSettings(32, 32), tmp_path)
    found = audit(catalog, store, DataRecipe())
    assert len(store) == 60_000 and store.good.all()
    pairs = found["near_duplicates"].details["pairs"]
    assert 500 < len(pairs) < 1000
    # A chance resemblance would join two classes nine times in ten; none does.
    assert "near_two_labels" not in found and "exact_duplicates" not in found
    assert 120 < len(found.leaks["test"]) < 300
    lock = split(catalog, store, found, DataRecipe(), 0)
    assert (len(lock.train), len(lock.validation), len(lock.test)) == (42_500, 7_500, 10_000)
