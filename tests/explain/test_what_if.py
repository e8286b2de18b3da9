"""What if: the changes of augmentation in training, by an amount that a person gives."""

import numpy as np
import pytest
import torch

from glassnet import randomness
from glassnet.errors import RecipeError
from glassnet.explain.what_if import KINDS, changed
from glassnet.recipe import AugmentRecipe
from glassnet.training.augment import apply, draw


def photo(height=21, width=31, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


AMOUNTS = {"cover": 0.4, "blur": 1.5, "shift": (3, -2), "rotate": 30, "brighten": 0.3, "contrast": 1.7}
STILL = {"cover": 0, "blur": 0, "shift": 0, "rotate": 0, "brighten": 0, "contrast": 1}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_each_changes_a_copy_and_nothing_by_no_amount(kind, channels):
    picture = photo(channels=channels)
    before = picture.copy()
    found = changed(picture, kind, AMOUNTS[kind])
    assert found.dtype == np.uint8 and found.shape == picture.shape and (found != picture).any()
    assert np.array_equal(changed(picture, kind, STILL[kind]), picture)
    assert np.array_equal(picture, before)


@pytest.mark.parametrize("edge", ["reflect", "border"])
@pytest.mark.parametrize("kind", ["rotate", "shift", "brighten", "contrast"])
def test_the_same_pixels_as_in_training(kind, edge):
    """The amount that training drew, given by hand, shows what training showed."""
    picture = photo(24, 24)
    row = np.array([5])

    def part(purpose, count=1):
        return 2 * randomness.uniform(1, 2, row, f"augment.{purpose}", count)[0] - 1

    recipe, amount = {
        "rotate": (AugmentRecipe(rotate=40.0), lambda: 40 * part("rotate")[0]),
        "brighten": (AugmentRecipe(brightness=0.4), lambda: 0.4 * part("brightness")[0]),
        "contrast": (AugmentRecipe(contrast=0.8), lambda: 1.8 ** part("contrast")[0]),
        "shift": (AugmentRecipe(shift=0.2), lambda: None),
    }[kind]
    draws = draw(recipe, 1, 2, row, 24, 24)
    wanted = apply(torch.from_numpy(picture[None]), draws, edge)[0].permute(1, 2, 0).numpy()
    given = tuple(-draws.matrices[0, :2, 2]) if kind == "shift" else float(amount())
    assert given not in (0, 1)
    assert changed(picture, kind, given, edge=edge) == pytest.approx(wanted * 255, abs=0.51)


def test_shift_moves_to_the_right_and_down_and_what_comes_in_is_the_border():
    picture = photo()
    found = changed(picture, "shift", (4, 2), edge="border")
    assert np.array_equal(found[2:, 4:], picture[:-2, :-4])
    assert (found[2:, :4] == picture[:-2, :1]).all()
    assert np.array_equal(changed(picture, "shift", 4)[:, :4], picture[:, 3::-1]), "mirrored at the border"
    assert np.array_equal(changed(picture, "shift", -4)[:, :-4], picture[:, 4:])


def test_rotate_turns_clockwise():
    picture = np.zeros((21, 21, 1), np.uint8)
    picture[2, 10] = 255  # above the middle
    assert np.argwhere(changed(picture, "rotate", 90)[:, :, 0] > 200).tolist() == [[10, 18]]
    assert np.argwhere(changed(picture, "rotate", -90)[:, :, 0] > 200).tolist() == [[10, 2]]
    large = photo(20, 20)
    assert np.abs(changed(large, "rotate", 180).astype(int) - large[::-1, ::-1]).max() <= 1


def test_cover_is_the_grey_of_training_in_the_middle_or_in_a_box():
    picture = photo(20, 30)
    found = changed(picture, "cover", 0.5)
    assert (found[5:15, 10:20] == 128).all()
    found[5:15, 10:20] = picture[5:15, 10:20]
    assert np.array_equal(found, picture)
    boxed = changed(picture, "cover", box=(-4, 3, 6.4, 99))
    assert (boxed[3:, :6] == 128).all() and np.array_equal(boxed[:, 6:], picture[:, 6:])
    assert np.array_equal(boxed[:3], picture[:3])


@pytest.mark.parametrize("kind", ["blur", "brighten", "contrast"])
def test_a_box_limits_the_change(kind):
    picture = photo()
    whole, part = changed(picture, kind, AMOUNTS[kind]), changed(picture, kind, AMOUNTS[kind], (5, 6, 15, 12))
    assert np.array_equal(part[6:12, 5:15], whole[6:12, 5:15])
    part[6:12, 5:15] = picture[6:12, 5:15]
    assert np.array_equal(part, picture)


def test_blur_softens_each_channel_and_keeps_the_mean():
    picture = np.zeros((21, 21, 3), np.uint8)
    picture[10, 10] = (255, 0, 0)
    found = changed(picture, "blur", 1.0)
    assert found[10, 10, 0] == round(255 * 0.3991**2) and not found[..., 1:].any()
    assert found[10, 9, 0] == found[9, 10, 0] == found[11, 10, 0] > found[9, 9, 0] > 0


def test_brightness_and_contrast_by_hand():
    picture = np.array([[[0], [51], [128], [255]]], np.uint8)
    assert changed(picture, "brighten", 0.2).ravel().tolist() == [51, 102, 179, 255]
    assert changed(picture, "brighten", -0.2).ravel().tolist() == [0, 0, 77, 204]
    assert changed(picture, "contrast", 0).ravel().tolist() == [128] * 4
    assert changed(picture, "contrast", 3).ravel().tolist() == [0, 0, 129, 255]


@pytest.mark.parametrize(
    ("kind", "amount", "box", "words"),
    [
        ("rotat", 3, None, "Did you mean 'rotate'"),
        ("rotate", 30, (0, 0, 4, 4), "takes no box"),
        ("rotate", None, None, "rotate needs one number"),
        ("rotate", float("nan"), None, "rotate needs one number"),
        ("shift", (1, 2, 3), None, "shift needs one number"),
        ("cover", None, None, "either an amount"),
        ("cover", 0.5, (0, 0, 4, 4), "either an amount"),
        ("cover", 1.5, None, "0 … 1"),
        ("cover", None, (40, 0, 50, 4), "holds no pixel of a picture of 31 × 21"),
        ("blur", -1, None, "0 or more"),
        ("brighten", 2, None, "−1 … 1"),
        ("contrast", -1, None, "0 or more"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(kind, amount, box, words):
    with pytest.raises(RecipeError, match=words):
        changed(photo(), kind, amount, box)


def test_pictures_of_another_kind_are_refused():
    for wrong in (photo()[:, :, 0], photo().astype(np.float32)):
        with pytest.raises(ValueError, match="uint8"):
            changed(wrong, "blur", 1)


@pytest.mark.parametrize("deviation", [0.4, 1.0, 3.7])
def test_blur_is_the_gaussian_that_scipy_computes(deviation):
    from scipy.ndimage import gaussian_filter

    picture = np.random.default_rng(0).integers(0, 256, (17, 23, 3), dtype=np.uint8)
    soft = gaussian_filter(picture.astype(np.float64), (deviation, deviation, 0), mode="nearest")
    assert np.abs(changed(picture, "blur", deviation).astype(int) - np.rint(soft)).max() <= 1
