import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.tasks import matching


def slow_match(ious, threshold, crowd, ignored):
    """COCO's rule for one threshold, word by word: two passes over the things for every answer."""
    taken = np.zeros(ious.shape[1], bool)
    found = []
    for row in ious:
        best, at = min(threshold, 1 - 1e-10), -1
        for wanted in (False, True):
            if at >= 0:
                break
            for j, overlap in enumerate(row):
                if bool(ignored[j]) is wanted and (crowd[j] or not taken[j]) and overlap >= best:
                    best, at = overlap, j
        found.append(at)
        if at >= 0:
            taken[at] = True
    return found


def slow_ap(hits, things):
    precisions, recalls, right = [], [], 0
    for i, hit in enumerate(hits):
        right += bool(hit)
        precisions.append(right / (i + 1))
        recalls.append(right / things)
    best = [max([p for p, r in zip(precisions, recalls, strict=True) if r >= at], default=0) for at in matching.RECALLS]
    return sum(best) / 101


def test_overlap_of_maps_equals_overlap_of_masks():
    source = np.random.default_rng(0)
    a, b = source.integers(0, 5, (30, 40)), source.integers(-1, 4, (30, 40))
    names_a, names_b, ious = matching.map_iou(a, b, b < 0)
    assert names_a.tolist() == [1, 2, 3, 4] and names_b.tolist() == [1, 2, 3]
    for i, x in enumerate(names_a):
        for j, y in enumerate(names_b):
            one, two = (a == x) & (b >= 0), b == y
            assert ious[i, j] == pytest.approx((one & two).sum() / (one | two).sum())
    nothing = matching.map_iou(np.zeros((4, 4), int), np.ones((4, 4), int))
    assert nothing[2].shape == (0, 1)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 7), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_matching_equals_the_rule_word_by_word(n, m, seed):
    source = np.random.default_rng(seed)
    ious = source.integers(-4, 11, (n, m)) / 10  # many ties, many on a threshold
    crowd = source.random(m) < 0.2
    ignored = (source.random((3, m)) < 0.3) | crowd
    thresholds = (0.5, 0.7, 1.0)
    found = matching.match(ious, thresholds, crowd, ignored)
    assert found.shape == (3, 3, n)
    for a in range(3):
        for t, threshold in enumerate(thresholds):
            assert found[a, t].tolist() == slow_match(ious, threshold, crowd, ignored[a])


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 5))
def test_average_precision_equals_its_definition(hits, missed):
    things = sum(hits) + missed
    if things:
        assert matching.average_precision(np.array(hits, bool), things) == pytest.approx(slow_ap(hits, things))


def scene():
    """Two pictures: a cat found, a dog found twice, a dog missed, an answer in a crowd of dogs; targets as two points or as a hull."""
    targets = np.full((2, 3, 10), -1, np.float32)
    targets[0, 0] = [0, 0, 10, 10, 20, 10, 20, 30, 10, 30]
    targets[0, 1] = [1, 0, 50, 50, 60, 50, 60, 60, 55, 65]
    targets[1, 0] = [1, 0, 0, 0, 9, 0, 9, 9, 9, 9]
    targets[1, 1] = [1, 1, 40, 40, 90, 40, 90, 90, 40, 90]
    read = np.zeros((2, 4, 6), np.float32)
    read[0] = [[10, 10, 20, 30, 0.9, 0], [50, 50, 60, 65, 0.8, 1], [50, 50, 60, 64, 0.3, 1], [0, 0, 1, 1, 0.1, 0]]
    read[1] = [[50, 50, 60, 60, 0.7, 1], [70, 0, 80, 9, 0.2, 1], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]
    return read, targets


def test_quick_figures_leave_crowds_out():
    read, targets = scene()
    together = matching.ranked(matching.box_pairs(read, targets))
    assert together.things == {0: 1, 1: 2}
    assert (
        together.hits.tolist()[:2] == [True, True] and len(together.hits) == 5
    )  # neither the answer in the crowd nor the empty rows
    # Cats: found first, AP 1. Dogs: one of two found, first, so precision is 1 up to recall 0.5: 51 of 101 recalls.
    assert matching.quick_ap50(read, targets) == pytest.approx((1 + 51 / 101) / 2)
    assert matching.quick_threshold(read, targets) == pytest.approx((0.8 + 0.3) / 2)


def test_nothing_to_find_or_nothing_found():
    read, targets = scene()
    assert matching.quick_ap50(read, np.full_like(targets, -1)) == 0
    assert matching.quick_ap50(np.zeros_like(read), targets) == 0
    assert matching.quick_threshold(np.zeros_like(read), targets) == 0.5
    assert matching.quick_ap50(read[:0], targets[:0]) == 0


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=30), st.integers(0, 5))
def test_no_other_threshold_has_a_higher_f1(answers, missed):
    answers.sort(key=lambda pair: -pair[0])
    scores, hits = np.array([s / 8 for s, _ in answers]), np.array([h for _, h in answers])
    total = int(hits.sum()) + missed

    def f1(threshold):
        given_ = scores >= threshold
        return 2 * (given_ & hits).sum() / (given_.sum() + total)

    chosen = matching.best_threshold(matching.Ranked(scores, hits, np.zeros(len(hits), int), {0: total}))
    assert 0 <= chosen <= 1
    if total and hits.any():
        assert f1(chosen) == pytest.approx(max(f1(s) for s in scores))
    else:
        assert chosen == 0.5
