import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from glassnet.data import hashing


def brute(hashes, radius):
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    return set(zip(*(side.tolist() for side in np.nonzero(np.triu(apart <= radius, 1))), strict=True))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, hashing.LARGEST_RADIUS), st.integers(1, 60))
def test_all_pairs_are_those_of_brute_force_each_once(seed, radius, n):
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 2**64, max(1, n // 8), dtype=np.uint64)
    noise = np.zeros(n, np.uint64)
    for i, flips in enumerate(rng.integers(0, 9, n)):
        for bit in rng.integers(0, 64, flips):
            noise[i] ^= np.uint64(1) << np.uint64(bit)
    hashes = np.unique(centres[rng.integers(0, len(centres), n)] ^ noise)
    found = [pair for i, j in hashing.pairs_within(hashes, radius) for pair in zip(i.tolist(), j.tolist(), strict=True)]
    assert len(found) == len(set(found))
    assert set(found) == brute(hashes, radius)


def test_a_crowded_bucket_is_walked_in_pieces_and_stays_exact():
    hashes = np.arange(3000, dtype=np.uint64) << np.uint64(40)  # three of the four blocks are equal for all
    found = {pair for i, j in hashing.pairs_within(hashes, 2) for pair in zip(i.tolist(), j.tolist(), strict=True)}
    assert found == brute(hashes, 2)


def test_a_radius_that_the_tables_cannot_answer_is_refused():
    with pytest.raises(ValueError, match="between 0 and 7"):
        list(hashing.pairs_within(np.zeros(1, np.uint64), 8))


def of(pixels):
    return hashing.perceptual_hash(hashing.grey(pixels[None]))[0]


def test_a_picture_keeps_its_hash_when_resized_reencoded_or_brightened(draw):
    for seed in range(20):
        original = draw(seed, 96, 96)
        small = np.asarray(Image.fromarray(original).resize((40, 40), Image.Resampling.BILINEAR))
        file = io.BytesIO()
        Image.fromarray(original).save(file, "JPEG", quality=40)
        bright = np.clip(original * 0.8 + 30, 0, 255).astype(np.uint8)
        for other in (small, np.asarray(Image.open(file)), bright):
            assert hashing.distance(of(original), of(other)) <= 6


def test_different_pictures_are_far_apart(draw):
    hashes = np.array([of(draw(seed)) for seed in range(60)])
    apart = hashing.distance(hashes[:, None], hashes[None, :])[np.triu_indices(60, 1)]
    assert apart.min() > 10
    assert 28 < apart.mean() < 36


def test_grey_weights_are_those_of_luma():
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)[None]
    np.testing.assert_allclose(hashing.grey(pixels)[0, 0], [76.245, 149.685, 29.07], rtol=1e-5)
