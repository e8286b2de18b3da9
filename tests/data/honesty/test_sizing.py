import numpy as np
import pytest

from glassnet.data.readers import from_arrays
from glassnet.data.sizing import choose_size, default_size
from glassnet.errors import DataError
from glassnet.recipe import DataRecipe


def test_small_pictures_of_one_size_are_used_as_they_are(draw):
    pictures = np.stack([draw(i, 28, 28) for i in range(20)])
    settings, choices = choose_size(from_arrays(pictures, np.arange(20) % 2), DataRecipe(fit="pad", max_pixels=5000))
    assert (settings.height, settings.width, settings.color, settings.fit, settings.max_pixels) == (
        28,
        28,
        "rgb",
        "pad",
        5000,
    )
    assert [choice.field for choice in choices] == ["data.size", "data.color"]
    assert "28×28" in choices[0].reason


def test_small_oblong_pictures_keep_their_shape():
    assert default_size(np.array([[24, 40]] * 9), 9).value == (24, 40)


@pytest.mark.parametrize(
    ("sides", "n", "size"),
    [
        ((300, 400), 1000, 128), ((300, 400), 5000, 96), ((300, 400), 50_000, 64), ((300, 70), 1000, 64), ((12, 300), 1000, 8),
        ((128, 128), 10, 128),
    ],
)  # fmt: skip
def test_the_rule_follows_the_number_and_never_enlarges_beyond_the_median(sides, n, size):
    choice = default_size(np.array([sides] * 5), n)
    assert choice.value == size and choice.value <= max(8, min(sides)) and choice.reason


def test_what_the_user_set_is_not_chosen(paint):
    paint.classes({"a": 3, "b": 3})
    settings, choices = choose_size(paint.catalog(), DataRecipe(size=(20, 30), color="grey"))
    assert (settings.height, settings.width, settings.channels, choices) == (20, 30, 1, [])


def test_grey_is_chosen_only_when_no_picture_has_colour(paint, draw):
    for i in range(10):
        flat = draw(i)[:, :, :1]
        paint.save(f"{'ab'[i % 2]}/{i}.png", np.repeat(flat, 3, axis=2) if i < 5 else flat[:, :, 0])
    settings, choices = choose_size(paint.catalog(), DataRecipe())
    assert settings.color == "grey" and "could hold" in choices[1].reason
    paint.save("b/colour.png", draw(99))
    assert choose_size(paint.catalog(), DataRecipe())[0].color == "rgb"


def test_nothing_readable_is_refused_with_the_first_reason(paint):
    for name in ("a/1.png", "b/2.png"):
        (paint.root / name).parent.mkdir(parents=True)
        (paint.root / name).write_bytes(b"nothing")
    with pytest.raises(DataError, match="None of 2 pictures"):
        choose_size(paint.catalog(), DataRecipe())
