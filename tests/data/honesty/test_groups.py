import numpy as np
import pytest

from glassnet.data.audit.groups import find_groups, guess
from glassnet.data.catalog import Catalog, ClassLabel, Example
from glassnet.errors import RecipeError


def catalog(keys, labels, groups=None):
    groups = groups or [None] * len(keys)
    examples = tuple(Example(k, ClassLabel(c), None, g) for k, c, g in zip(keys, labels, groups, strict=True))
    return Catalog("r", "l", "classify", tuple(sorted(set(labels))), examples, source=None)


def names(template, groups, members, classes=("ill", "well")):
    """Keys and label numbers: each class has `groups` groups of `members` pictures."""
    keys, labels = [], []
    for c, name in enumerate(classes):
        for g in range(groups):
            for m in range(members):
                keys.append(f"{name}/" + template.format(g=c * groups + g, m=m, letter=chr(65 + c * groups + g)))
                labels.append(c)
    return keys, np.array(labels)


@pytest.mark.parametrize(
    "template",
    [
        "patient_{g:02d}_img{m}.jpg",
        "Patient{g}-{m}.png",
        "img{m}_patient{g:03d}.png",
        "clip{letter}_{m:06d}.jpg",
        "video_{g}_frame_{m}.jpg",
        "slide-{g}.tile.{m}.png",
        "s{g:03d}_cam1_{m:04d}.jpg",
        "{g:05d}_{m}.jpg",
        "photo{g}_jpg.rf.{m:032x}.jpg",
        "animal{g}/{m}.jpg",
    ],
)
def test_names_that_show_groups(template):
    keys, labels = names(template, 8, 5)
    found = guess(keys, labels, ("ill", "well"))
    assert found.source == "guessed" and len(found.names) == 16
    of = found.numbers.reshape(16, 5)
    assert (of == of[:, :1]).all() and len(np.unique(of[:, 0])) == 16
    assert "for example" in found.reason and "group_by: none" in found.reason


@pytest.mark.parametrize(
    "template",
    [
        "IMG_{g}{m}.jpg",
        "BloodImage_{g:03d}{m:02d}.jpg",
        "cam_image{g}{m}.jpg",
        "{g}{m:03d}.png",
        "photo ({g}{m}).jpg",
        "ill_{m:04d}_{g:04x}.png",
        "{g:08x}-{m:04x}-4cc7-9d5e.jpg",
    ],
)
def test_names_that_show_none(template):
    assert guess(*names(template, 8, 5), ("ill", "well")).source == "none"


def test_breeds_are_not_groups():
    breeds = ["Abyssinian", "Bengal", "Birman", "beagle", "boxer", "pug", "great_pyrenees", "Persian"]
    keys = [f"images/{breed}_{i}.jpg" for breed in breeds for i in range(1, 30)]
    labels = np.repeat([int(breed[0].islower()) for breed in breeds], 29)
    assert guess(keys, labels).source == "none"


def test_one_group_per_class_is_the_class_itself():
    assert guess(*names("n0144{g}_{m}.jpg", 1, 40), ("ill", "well")).source == "none"


def test_generic_prefixes_across_classes_do_not_convince_but_patients_do():
    keys = [f"{c}/{{}}{i % 10:02d}_{i}.jpg" for i in range(60) for c in ("ill", "well")]
    labels = np.arange(120) % 2
    assert guess([key.format("x") for key in keys], labels).source == "none"
    assert guess([key.format("patient") for key in keys], labels).source == "guessed"


def test_given_groups_win_over_guessing():
    keys = [f"patient{i // 3}_{i}.jpg" for i in range(30)]
    found = find_groups(catalog(keys, ["a", "b"] * 15, [f"ward{i % 4}" for i in range(30)]), "auto")
    assert found.source == "given" and found.names == ("ward0", "ward1", "ward2", "ward3")


def test_none_means_none_and_an_expression_means_itself():
    keys = [f"a/patient{i // 3}_{i}.jpg" for i in range(30)]
    assert find_groups(catalog(keys, ["a", "b"] * 15), "none").source == "none"
    found = find_groups(catalog([*keys, "a/odd.jpg"], ["a", "b"] * 15 + ["a"]), r"patient(\d+)_")
    assert found.source == "regex" and len(found.names) == 10 and found.of[-1] == -1
    assert "1 pictures match nothing" in found.reason


@pytest.mark.parametrize(
    ("expression", "says"),
    [("patient(", "not a valid regular expression"), ("patient", "no group in round brackets"), (r"ward(\d)", "matches none of the 2")],
)  # fmt: skip
def test_bad_expressions_are_explained(expression, says):
    with pytest.raises(RecipeError, match=says):
        find_groups(catalog(["a.jpg", "b.jpg"], ["a", "b"]), expression)
