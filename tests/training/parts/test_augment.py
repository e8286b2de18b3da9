"""Augmentation: matrices say where pixels come from, fast paths equal the general one, draws depend on nothing but their keys."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.recipe import AugmentRecipe
from glassnet.training import augment
from glassnet.training.augment import Draws

ROWS = np.arange(40) * 7 + 3


def still(n: int, height: int, width: int) -> Draws:
    matrices = np.broadcast_to(np.eye(3), (n, 3, 3)).copy()
    return Draws(height, width, matrices, np.tile(np.array([1, 0], np.float32), (n, 1)), np.zeros((n, 4), np.int64))


def with_matrices(matrices: np.ndarray, height: int, width: int) -> Draws:
    return Draws(
        height, width, matrices, still(len(matrices), height, width).colours, np.zeros((len(matrices), 4), np.int64)
    )


def pictures(n: int, height: int, width: int, channels: int = 3) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (n, height, width, channels), dtype=np.uint8))


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(8, 23), y=st.floats(8, 15), rotate=st.floats(0, 180), zoom=st.floats(0, 0.5), crop=st.floats(0, 0.4),
    shift=st.floats(0, 0.1), seed=st.integers(0, 1000), flip=st.sampled_from(["none", "horizontal", "vertical", "both"]),
)  # fmt: skip
def test_a_bright_dot_moves_to_where_the_matrix_says(x, y, rotate, zoom, crop, shift, seed, flip):
    height, width = 24, 32
    recipe = AugmentRecipe(flip=flip, rotate=rotate, zoom=zoom, shift=shift, crop=crop)
    draws = augment.draw(recipe, seed, 2, ROWS[:1], height, width)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    dot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 1.5**2))
    moved = augment.apply(torch.from_numpy(dot).float()[None, None], draws)[0, 0].double().numpy()
    to_x, to_y, one = np.linalg.inv(draws.matrices[0]) @ (x, y, 1)
    assert one == pytest.approx(1)
    if not (6 < to_x < width - 7 and 6 < to_y < height - 7):
        return  # part of the dot has left the picture, and its centre of mass says nothing
    near = np.hypot(columns - to_x, rows - to_y) < 6
    mass = moved * near
    assert (mass * columns).sum() / mass.sum() == pytest.approx(to_x, abs=0.08)
    assert (mass * rows).sum() / mass.sum() == pytest.approx(to_y, abs=0.08)


@settings(max_examples=30, deadline=None)
@given(flip=st.sampled_from(["horizontal", "vertical", "both"]), seed=st.integers(0, 99), epoch=st.integers(0, 9))
def test_a_mirror_after_itself_and_a_move_after_its_inverse_is_the_picture(flip, seed, epoch):
    stored = pictures(40, 6, 9)
    draws = augment.draw(AugmentRecipe(flip=flip), seed, epoch, ROWS, 6, 9)
    back = with_matrices(np.linalg.inv(draws.matrices), 6, 9)
    assert torch.equal(augment.apply(augment.apply(stored, draws), back), augment.to_float(stored))


def test_rotation_there_and_back_gives_a_smooth_picture_again():
    y, x = torch.meshgrid(torch.linspace(0, 3, 48), torch.linspace(0, 3, 48), indexing="ij")
    smooth = (0.5 + 0.25 * torch.sin(x) + 0.25 * torch.cos(2 * y))[None, None].repeat(40, 1, 1, 1)
    draws = augment.draw(AugmentRecipe(rotate=30, zoom=0.1), 0, 0, ROWS, 48, 48)
    back = with_matrices(np.linalg.inv(draws.matrices), 48, 48)
    again = augment.apply(augment.apply(smooth, draws), back)
    inner = (..., slice(14, 34), slice(14, 34))
    assert (again[inner] - smooth[inner]).abs().max() < 2e-3


@pytest.mark.parametrize("edge", ["reflect", "border"])
@pytest.mark.parametrize("channels", [1, 3])
def test_whole_pixel_moves_equal_the_general_resampling(monkeypatch, edge, channels):
    stored = pictures(40, 11, 14, channels)
    draws = augment.draw(AugmentRecipe(flip="both", shift=0.4), 5, 1, ROWS, 11, 14)
    assert draws.whole
    assert draws.moves
    fast = augment.apply(stored, draws, edge)
    floats = augment.apply(augment.to_float(stored), draws, edge)
    monkeypatch.setattr(Draws, "whole", False)
    general = augment.apply(stored, draws, edge)
    assert (fast - general).abs().max() < 5e-6
    assert torch.equal(fast, floats)
    assert fast.dtype == torch.float32
    assert fast.is_contiguous(memory_format=torch.channels_last)


def test_reflection_at_the_border_repeats_the_border_pixel_and_leaves_no_black():
    stored = torch.tensor([10, 20, 30, 40], dtype=torch.uint8)[None, None, :, None]
    matrix = np.eye(3)[None].copy()
    matrix[0, 0, 2] = -2  # output column c shows input column c - 2
    seen = augment.apply(stored, with_matrices(matrix, 1, 4))[0, 0, 0] * 255
    assert seen.round().tolist() == [20, 10, 10, 20]
    white = torch.full((40, 16, 16, 3), 255, dtype=torch.uint8)
    draws = augment.draw(AugmentRecipe(rotate=180, zoom=0.9, shift=0.5), 0, 0, ROWS, 16, 16)
    assert augment.apply(white, draws).min() > 0.9999


def test_every_second_epoch_shows_the_other_side_and_four_epochs_show_all_four():
    flips = [
        augment.draw(AugmentRecipe(flip="horizontal"), 0, epoch, ROWS, 8, 8).matrices[:, 0, 0] for epoch in range(4)
    ]
    assert np.array_equal(flips[0], -flips[1])
    assert np.array_equal(flips[0], flips[2])
    assert 8 < (flips[0] < 0).sum() < 32
    both = [augment.draw(AugmentRecipe(flip="both"), 0, epoch, ROWS, 8, 8).matrices for epoch in range(4)]
    for k in range(len(ROWS)):
        assert len({(m[k, 0, 0], m[k, 1, 1]) for m in both}) == 4


def test_draws_do_not_depend_on_the_batch_and_differ_by_epoch_seed_and_row():
    recipe = AugmentRecipe(
        flip="both", rotate=20, zoom=0.2, shift=0.1, crop=0.1, brightness=0.2, contrast=0.2, cutout=0.3
    )
    all_rows = augment.draw(recipe, 1, 3, ROWS, 32, 32)
    some = augment.draw(recipe, 1, 3, ROWS[[30, 4, 9]], 32, 32)
    for name in ("matrices", "colours", "boxes"):
        assert np.array_equal(getattr(all_rows, name)[[30, 4, 9]], getattr(some, name))
        for seed, epoch in ((1, 4), (2, 3)):
            assert not np.array_equal(
                getattr(augment.draw(recipe, seed, epoch, ROWS, 32, 32), name), getattr(all_rows, name)
            )
    assert len(np.unique(all_rows.matrices[:, 0, 0])) == len(ROWS)


def test_switching_one_change_on_does_not_redraw_the_others():
    one = augment.draw(AugmentRecipe(brightness=0.3), 0, 0, ROWS, 16, 16)
    two = augment.draw(AugmentRecipe(brightness=0.3, rotate=40, shift=0.2), 0, 0, ROWS, 16, 16)
    assert np.array_equal(one.colours, two.colours)


def test_ranges_are_the_recipe_s():
    rows = np.arange(4000)
    zoom = augment.draw(AugmentRecipe(zoom=0.25), 0, 0, rows, 20, 20).matrices[:, 0, 0]
    assert 0.8 <= zoom.min() < 0.802
    assert 1.248 < zoom.max() <= 1.25
    assert abs(np.log(zoom).mean()) < 0.01
    rotate = augment.draw(AugmentRecipe(rotate=30), 0, 0, rows, 20, 20).matrices
    angle = np.degrees(np.arctan2(rotate[:, 0, 1], rotate[:, 0, 0]))
    assert -30 <= angle.min() < -29.9
    assert 29.9 < angle.max() <= 30
    shift = augment.draw(AugmentRecipe(shift=0.0625), 0, 0, rows, 32, 64).matrices
    assert set(shift[:, 0, 2]) == {-4, -3, -2, -1, 0, 1, 2, 3, 4}
    assert set(shift[:, 1, 2]) == {-2, -1, 0, 1, 2}
    crop = augment.draw(AugmentRecipe(crop=0.3), 0, 0, rows, 20, 30).matrices
    assert 0.7 <= crop[:, 0, 0].min() < 0.701
    corners = crop @ np.array([[-0.5, -0.5, 1], [29.5, 19.5, 1]]).T  # the window never leaves the picture
    assert corners[:, 0].min() >= -0.5 - 1e-9
    assert corners[:, 0].max() <= 29.5 + 1e-9
    assert corners[:, 1].max() <= 19.5 + 1e-9


def test_brightness_and_contrast_are_one_line_through_the_values():
    stored = pictures(40, 5, 5)
    draws = augment.draw(AugmentRecipe(brightness=0.2, contrast=0.5), 0, 0, ROWS, 5, 5)
    seen = augment.apply(stored, draws)
    gain, offset = draws.colours.astype(np.float64).T
    assert gain.min() >= 1 / 1.5
    assert gain.max() <= 1.5
    # grey 0.5 moves by the brightness alone
    assert np.abs(0.5 * gain + offset - 0.5).max() <= 0.2 + 1e-6
    expected = np.clip(gain[:, None, None, None] * (stored.numpy() / 255) + offset[:, None, None, None], 0, 1)
    assert np.abs(seen.permute(0, 2, 3, 1).numpy() - expected).max() < 1e-6


def test_cut_out_is_one_grey_square_anywhere():
    draws = augment.draw(AugmentRecipe(cutout=0.5), 0, 0, np.arange(500), 8, 12)
    seen = augment.apply(torch.full((500, 8, 12, 3), 255, dtype=torch.uint8), draws)
    grey = (seen == 0.5).all(1)
    assert torch.equal(seen == 0.5, grey[:, None].expand_as(seen))
    assert grey.sum((1, 2)).max() == 16
    assert grey.sum((1, 2)).min() >= 4
    assert grey.any(0).all()


def test_nothing_asked_is_nothing_done():
    stored = pictures(4, 6, 6)
    draws = augment.draw(AugmentRecipe(flip="none", rotate=0, zoom=0.0), 0, 0, np.arange(4), 6, 6)
    assert not draws.moves
    plain = stored.permute(0, 3, 1, 2) / 255
    assert (augment.apply(stored, draws) - plain).abs().max() < 1e-7
    assert torch.equal(augment.apply(stored, draws), augment.to_float(stored))
    one, mirrored = augment.mirror_views(augment.to_float(stored))
    assert torch.equal(mirrored[..., 0], one[..., -1])
