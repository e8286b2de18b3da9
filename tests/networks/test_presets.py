import subprocess
import sys

import pytest
import torch
from torch import nn

from glassnet.errors import RecipeError
from glassnet.networks.network import build
from glassnet.networks.presets import PRESETS, layers_of, preset, recommendations
from glassnet.networks.summary import summarise
from glassnet.recipe import Recipe, fields


def summary(name, shape, classes, dropout=0.0):
    return summarise(layers_of(name, shape, classes, dropout), shape, classes)


def test_known_parameter_counts():
    assert summary("resnet18", (3, 32, 32), 10).parameters == 11_173_962
    assert summary("resnet18", (3, 224, 224), 1000).parameters == 11_689_512
    assert summary("fast", (3, 32, 32), 10).parameters == 1_971_976
    assert 2_000 < summary("mini", (3, 16, 16), 4).parameters < 9_000


@pytest.mark.parametrize("side", [24, 28, 32, 40, 48, 64, 80, 96, 112, 128, 160, 180, 192, 224, 256])
def test_fast_costs_what_four_cores_bear(side):
    made = summary("fast", (3, side, side), 10)
    assert 0.1e9 < 2 * made.multiply_adds < 0.65e9
    assert 1.9e6 < made.parameters < 2.1e6


@pytest.mark.parametrize(
    "shape", [(c, h, w) for c in (1, 3) for h, w in ((4, 4), (5, 9), (8, 8), (16, 16), (700, 500))]
)
def test_fast_fits_every_size(shape):
    made = summary("fast", shape, 3)
    last = [row for row in made.rows if len(row.shape) == 3][-1]
    assert min(last.shape[1:]) >= 1 and last.shape[0] == 256


def test_mini_learns_in_a_moment():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(64, 1, 16, 16, generator=generator) * 0.3
    y = torch.arange(64) % 2
    x[y == 1, :, 4:12, 7:9] += 0.6
    x[y == 0, :, 7:9, 4:12] += 0.6
    network = build(layers_of("mini", (1, 16, 16), 2), (1, 16, 16), 2).train()
    network.prepare(x)
    optimizer = torch.optim.SGD(network.parameters(), 0.1, 0.9)
    for _ in range(30):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x), y).backward()
        optimizer.step()
    assert (network.eval()(x).argmax(1) == y).all()


@pytest.mark.parametrize("name", PRESETS)
def test_dropout_stands_before_every_dense_layer_and_changes_no_other_name(name):
    plain, dropped = summary(name, (3, 64, 64), 4), summary(name, (3, 64, 64), 4, 0.3)
    kinds = [row.kind for row in dropped.rows]
    assert all(kinds[i - 1] == "dropout" for i, kind in enumerate(kinds) if kind == "dense")
    assert [row.name for row in plain.rows] == [row.name for row in dropped.rows if row.kind != "dropout"]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("n_train", [9, 240, 5_000, 50_000, 1_000_000])
def test_recommendations_are_recipe_fields_with_reasons(name, n_train):
    advice = recommendations(name, n_train, 64, 48, 5)
    assert set(advice) <= set(fields())
    assert all(isinstance(reason, str) and len(reason) > 5 for _, reason in advice.values())
    recipe = Recipe().changed({field: value for field, (value, _) in advice.items()})
    assert recipe.train.epochs and recipe.train.batch and recipe.train.optimizer
    assert name in ("tutorial", "flowers") or recipe.train.batch <= max(8, n_train / 8)


def test_the_tutorials_recipe_is_the_published_one():
    advice = {field: value for field, (value, _) in recommendations("tutorial", 50_000, 32, 32, 10).items()}
    assert (advice["train.optimizer"], advice["train.lr"], advice["train.batch"], advice["train.epochs"]) == (
        "adam",
        1e-3,
        32,
        10,
    )
    assert (advice["train.initial"], advice["train.schedule"], advice["augment.flip"]) == ("glorot", "constant", "none")


def test_own_lists_get_names_and_he():
    assert layers_of([{"conv": 2}], (1, 4, 4), 2) == [{"conv": 2, "name": "conv1"}]
    assert recommendations([{"conv": 2}], 10, 8, 8, 2)["train.initial"][0] == "he"


def test_unknown_names_are_explained():
    with pytest.raises(RecipeError, match=r"'tutorail' is no network. Did you mean 'tutorial'\?"):
        preset("tutorail")
    with pytest.raises(RecipeError, match=r"no network. Known: fast"):
        layers_of("../secrets", (3, 32, 32), 2)


def test_summaries_and_presets_import_no_torch():
    code = (
        "import sys; from glassnet.networks.presets import layers_of, recommendations; from glassnet.networks.summary import summarise; "
        "[summarise(layers_of(n, (3, 64, 64), 4, 0.1), (3, 64, 64), 4) for n in ('fast', 'tutorial', 'flowers', 'resnet18', 'mini')]; "
        "recommendations('fast', 9, 32, 32, 2); assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
