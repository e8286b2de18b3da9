"""Every figure of the documents that a lesson shows, computed by the lesson itself."""

import pytest
from tests.figures.published import MAP_A, POOLED_A, table

from glassnet.lessons import find


@pytest.mark.parametrize(("shape", "weights"), [((28, 28, 3), 2_352), ((200, 200, 3), 120_000), ((28, 28, 1), 784)])
def test_weights_of_one_neuron(shape, weights):
    found = find("dense").compute("neuron", dict(zip(("height", "width", "channels"), shape, strict=True)))
    assert found["weights"] == found["inputs"] == weights


def test_a_fully_connected_network_and_its_matrices():
    lesson = find("dense")
    assert lesson.compute("network")["parameters"] == 250_302
    assert lesson.compute("network")["sum"] == "2,500 · 100 + 100 + 2 · 100 + 2 = 250,302"
    assert lesson.compute("matrices")["matrices"] == {"input to hidden": [8, 5], "hidden to output": [5, 1]}


def test_both_worked_convolutions():
    colours = find("convolution").compute("colours")
    assert colours["by_channel"] == [178, 180, 117] and colours["result"] == colours["map"][0][0] == 475
    assert (colours["height"], colours["width"]) == (3, 3)
    patch = find("convolution").compute("patch")
    assert [term["product"] for term in patch["terms"]] == [0, 0, 0, 0, 156, -155, 0, 153, 154]
    assert (patch["sum"], patch["result"]) == (308, 309)


@pytest.mark.parametrize(("kind", "of"), [("max", max), ("average", lambda window: sum(window) / 4)])
def test_pooling_the_map_of_the_worked_convolution(kind, of):
    lesson = find("pooling")
    whole = lesson.compute("maps")["colours"]
    assert whole == find("convolution").compute("colours")["map"] == lesson.examples["pool"]["map"]
    pooled = lesson.compute("pool", {"map": whole, "kind": kind, "size": 2, "stride": 1})["map"]
    windows = [[[whole[y + dy][x + dx] for dy in (0, 1) for dx in (0, 1)] for x in (0, 1)] for y in (0, 1)]
    assert pooled == [[of(window) for window in row] for row in windows]


def test_a_filter_with_negative_weights_fires_on_isolated_diagonals_only():
    lesson = find("convolution")
    plain = lesson.compute("diagonals")
    lonely = lesson.compute("diagonals", {"filter": plain["lonely"]})
    assert [plain[name]["strongest"] for name in ("isolated", "block")] == [2, 2]
    assert [lonely[name]["strongest"] for name in ("isolated", "block")] == [2, 1]


def test_the_map_of_feature_a_and_its_relu():
    found = find("relu").compute("match")
    assert found["map_cut"] == table(MAP_A)
    assert found["relu_cut"] == [[max(value, 0.0) for value in row] for row in table(MAP_A)]


def test_a_match_is_the_mean_of_nine_products():
    lesson = find("relu")
    picture, feature = lesson.compute("match")["picture"], lesson.compute("match")["feature"]
    for row, column in ((0, 0), (1, 1), (2, 6)):
        opened = lesson.compute("match", {"feature": "A", "row": row, "column": column})["opened"]
        products = [[picture[row + y][column + x] * feature[y][x] for x in range(3)] for y in range(3)]
        assert opened["products"] == products and opened["sum"] == sum(map(sum, products)) and opened["places"] == 9
        assert opened["cut"] == table(MAP_A)[row][column]
    assert lesson.compute("match")["negative"] == sum(value < 0 for line in table(MAP_A) for value in line) == 20


def test_the_pooled_map_of_feature_a_from_either_lesson():
    pooled = find("pooling").compute("pool", {"map": find("relu").compute("match")["relu"], "size": 2, "ceil": True})
    assert pooled["cut"] == table(POOLED_A) == find("vote").compute("whole")["pooled_cut"]["A"]


def test_the_place_that_is_opened_has_the_values_of_its_window():
    lesson = find("pooling")
    opened = lesson.compute("pool", {**lesson.examples["pool"], "row": 1, "column": 1})["opened"]
    assert opened == {"values": [515, 472, 616, 455], "places": [[1, 1], [1, 2], [2, 1], [2, 2]], "result": 616}
    edge = lesson.compute("pool", {"map": [[1, 2, 3]] * 3, "kind": "average", "ceil": True, "row": 1, "column": 1})
    assert edge["opened"] == {"values": [3], "places": [[2, 2]], "result": 3}


def test_pooling_keeps_more_of_a_map_than_stays_without_it_when_the_x_moves():
    found = find("pooling").compute("moved")
    assert found["picture"][1] == [-1, -1, 1, -1, -1, -1, -1, -1, 1]
    assert (found["relu_same"], found["relu_all"], found["pooled_same"], found["pooled_all"]) == (3, 49, 7, 16)
    still = find("pooling").compute("moved", {"feature": "B"})
    assert still["relu_same"] == 49 and still["still"] == still["moved"]


def test_a_value_of_ones_own_filter_is_the_sum_of_its_products():
    lesson = find("filters")
    picture = [[[30, 60, 90], [0, 0, 0], [255, 255, 255]]] * 3
    found = lesson.compute("apply", {"picture": picture, "filter": "upright edges", "row": 1, "column": 1})
    assert found["result"] == pytest.approx(4 * (1 - 60 / 255), abs=1e-6)
    assert sum(term["product"] for term in found["terms"]) == pytest.approx(found["combined"]) == found["result"]
    corner = lesson.compute(
        "apply", {"picture": picture, "filter": "outline", "row": 0, "column": 2, "activation": "relu"}
    )
    assert corner["combined"] == pytest.approx(8 - 1) and sum(term["padding"] for term in corner["terms"]) == 5


def test_x_and_o_from_the_picture_to_the_vote():
    lesson = find("vote")
    x = lesson.compute("whole")
    o = lesson.compute("whole", {"picture": x["drawn"]["O"]})
    assert [at + 1 for at, value in enumerate(x["flat"]) if value == 1] == x["listens"]["X"]
    assert [at + 1 for at, value in enumerate(o["flat"]) if value == 1] == o["listens"]["O"]
    assert (x["answer"], x["votes"]["X"]["cut"], x["votes"]["O"]["cut"]) == ("X", 1.0, 0.55)
    assert (o["answer"], o["votes"]["X"]["cut"], o["votes"]["O"]["cut"]) == ("O", 0.55, 1.0)
    assert x["again_cut"] == {"A": [[1, 0.55], [0.55, 1]], "B": [[1, 0.55], [0.55, 0.55]], "C": [[0.55, 1], [1, 0.55]]}
    nobody = lesson.compute("vote", {"values": [0.5, 0.5], "listens": {"X": [1], "O": [2]}})
    assert nobody["answer"] == "", "equal votes decide nothing"


def test_the_vote():
    found = find("vote").compute("vote")
    x, o = found["votes"]["X"], found["votes"]["O"]
    assert (x["sum"], x["cut"], o["sum"], o["cut"], found["answer"]) == (4.56, 0.91, 2.07, 0.51, "X")


def test_the_tutorial_network_and_the_flower_network():
    lesson = find("building")
    found = lesson.compute("preset")
    shown = [(row["output"], row["parameters"]) for row in found["rows"] if row["kind"] != "relu"]
    assert shown == [
        ("30×30×32", 896), ("15×15×32", 0), ("13×13×64", 18_496), ("6×6×64", 0), ("4×4×64", 36_928), ("1,024", 0),
        ("64", 65_600), ("10", 650),
    ]  # fmt: skip
    assert found["parameters"] == 122_570
    flowers = lesson.compute("preset", {"name": "flowers", "height": 180, "width": 180, "channels": 3, "classes": 5})
    assert flowers["parameters"] == 3_989_285


def test_steps_of_an_epoch():
    assert find("stopping").compute("passes", {"pictures": 50_000, "batch": 32, "epochs": 10}) == {
        "steps": 1_563,
        "last": 16,
        "all": 15_630,
    }


def test_the_published_run():
    found = find("fitting").compute("published")
    assert found["best_epoch"] == 9 and found["rise"] == pytest.approx(0.0451, abs=1e-4)
    assert found["loss_fell"] == pytest.approx(1.5187 - 0.5554) and found["loss_gap"] == pytest.approx(0.8843 - 0.5554)
    assert [row.get("accuracy") for row in found["rows"]] == [0.4464, None, 0.8053]


def test_of_equal_scores_the_lower_loss_is_kept():
    given = {"scores": [0.5, 0.7, 0.7, 0.7], "losses": [1.2, 0.9, 0.85, 0.88], "patience": 5}
    assert find("stopping").compute("stop", given)["best_epoch"] == 3


def test_the_tensor_of_rank_four():
    found = find("tensors").compute("describe")
    assert (found["rank"], found["shape"], found["size"]) == (4, [3, 2, 4, 5], 120)


def test_the_five_tasks_and_what_augmentation_may_do():
    assert list(find("tasks").compute("ask")["questions"]) == ["classify", "localize", "detect", "segment", "instances"]
    fields = find("augmentation").compute("vary")["fields"]
    assert {"rotate", "crop", "flip", "zoom", "brightness", "contrast"} <= set(fields) and all(fields.values())
