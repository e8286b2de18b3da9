import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from glassnet.evaluation import baselines
from glassnet.evaluation.scores import Figure, rate

NAMES = ("ant", "bee")


def noise(n, side=24, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, channels), dtype=np.uint8)


def scored(pixels, targets, **options):
    half = len(targets) // 2
    return baselines.trivial(pixels, targets, np.arange(half), np.arange(half, len(targets)), NAMES, 0, **options)


def test_the_border_gives_away_a_background_that_differs_by_class():
    targets = np.arange(200) % 2
    pixels = noise(200)
    pixels[:, 0], pixels[:, -1] = 90 + 60 * targets[:, None, None], 90 + 60 * targets[:, None, None]
    found = scored(pixels, targets)
    assert found[baselines.BORDER].value == 1.0
    assert found[baselines.MAJORITY].value == 0.5
    assert found[baselines.THUMBNAIL].value < 1.0


def test_what_lies_inside_is_not_seen_by_the_border_but_by_the_thumbnail():
    targets = np.random.default_rng(3).integers(0, 2, 400)
    pixels = noise(400)
    pixels[:, 6:18, 6:18] = (60 + 120 * targets)[:, None, None, None]
    found = scored(pixels, targets)
    assert found[baselines.THUMBNAIL].value == 1.0
    assert found[baselines.BORDER].low < 0.5 < found[baselines.BORDER].high


@pytest.mark.parametrize("channels", [1, 3])
def test_colours_are_seen_wherever_they_are(channels):
    source = np.random.default_rng(1)
    targets = source.integers(0, 2, 300)
    pixels = source.integers(0, 256, (300, 20, 20, channels), dtype=np.uint8)
    spots = source.random((300, 20, 20)) < 0.3
    pixels[spots & (targets == 1)[:, None, None]] = 7
    assert scored(pixels, targets)[baselines.COLOUR].value > 0.97


def test_nearest_is_scikit_learns_nearest_across_blocks(monkeypatch):
    monkeypatch.setattr(baselines, "_BLOCK_TRAIN", 37)
    monkeypatch.setattr(baselines, "_BLOCK_TEST", 11)
    source = np.random.default_rng(0)
    known, asked = (
        source.normal(size=(200, 9)).astype(np.float32) + 40,
        source.normal(size=(60, 9)).astype(np.float32) + 40,
    )
    oracle = KNeighborsClassifier(1).fit(known, np.arange(200))
    assert np.array_equal(baselines.nearest(known, asked), oracle.predict(asked))
    copies = np.tile(known[:1], (90, 1))
    assert (baselines.nearest(copies, asked) == 0).all()


def test_area_means_are_exact_for_sides_that_do_not_divide():
    block = noise(2, side=19)
    got = baselines._means(block, 8, 8)
    edges = np.arange(9) * 19 // 8
    for i in range(8):
        for j in range(8):
            cell = block[:, edges[i] : edges[i + 1], edges[j] : edges[j + 1]]
            assert got[:, i, j] == pytest.approx(cell.mean((1, 2)), rel=1e-6)


@pytest.mark.parametrize("side", [1, 5, 8, 33])
def test_any_size_of_picture_is_described(side):
    targets = np.arange(20) % 2
    found = scored(noise(20, side=side), targets)
    assert set(found) == {baselines.MAJORITY, baselines.COLOUR, baselines.BORDER, baselines.THUMBNAIL}
    assert all(figure.n == 10 for figure in found.values())


def test_rows_may_come_in_any_order_and_majority_is_of_the_training_pictures():
    targets = np.array([0] * 30 + [1] * 70)
    pixels = np.zeros((100, 8, 8, 3), np.uint8)
    pixels[:30] = 200
    train, rows = np.r_[np.arange(29, 9, -1), np.arange(30, 40)], np.r_[np.arange(99, 59, -1), np.arange(10)]
    found = baselines.trivial(pixels, targets, train, rows, NAMES, 0)
    assert found[baselines.MAJORITY].value == 0.2  # class 0 leads in training, 10 of 50 tested are of it
    assert found[baselines.THUMBNAIL].value == 1.0


def test_a_cap_is_said_aloud(monkeypatch):
    monkeypatch.setattr(baselines, "TRAIN_CAP", 20)
    steps = []
    found = scored(noise(100), np.arange(100) % 2, progress=lambda done, of: steps.append((done, of)))
    assert "20 of 50 training pictures" in found.notes[0]
    assert steps[-1] == (70, 70)


def test_nothing_to_compare_gives_nothing_and_says_so():
    found = baselines.trivial(noise(4), np.zeros(4, int), np.arange(4), np.arange(0), NAMES, 0)
    assert len(found) == 0 and "0 test pictures" in found.notes[0]


def test_a_warning_comes_within_five_points_or_overlap():
    def at(value, half=0.01):
        return Figure(value, value - half, value + half, 1000, "test", "wilson")

    network = at(0.9)
    assert baselines.near(network, {baselines.BORDER: at(0.849)}) == ()
    assert "background" in baselines.near(network, {baselines.BORDER: at(0.851)})[0]
    assert len(baselines.near(at(0.9, 0.04), {baselines.COLOUR: at(0.82, 0.04)})) == 1  # 0.86 is in both
    assert baselines.near(at(0.9, 0.04), {baselines.COLOUR: at(0.82, 0.0399)}) == ()
    both = baselines.near(
        rate(50, 100, "test"), {baselines.MAJORITY: rate(48, 100, "test"), baselines.COLOUR: rate(55, 100, "test")}
    )
    assert "colour histogram" in both[0] and "largest class" in both[1]


def test_far_apart_with_few_pictures_blames_the_pictures_and_not_the_question():
    network = Figure(0.6, 0.2, 0.9, 4, "validation", "bootstrap")
    weak = Figure(0.0, 0.0, 0.4, 4, "validation", "wilson")
    strong = Figure(0.5, 0.1, 0.8, 4, "validation", "bootstrap")
    (said,) = baselines.near(network, {baselines.OTSU: weak})
    assert "few pictures" in said and "nearly as well" not in said
    (said,) = baselines.near(network, {baselines.OTSU: strong})
    assert "few pictures leave room" not in said
