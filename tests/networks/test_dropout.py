import math

import numpy as np
import pytest
import torch

from glassnet import randomness
from glassnet.networks.dropout import Dropout, keep
from glassnet.networks.network import build

CPU = torch.device("cpu")


def test_masks_are_the_products_own_randomness():
    examples = np.array([0, 7, 49_999, 2**40])
    mask = keep(5, 3, torch.from_numpy(examples), "dropout/dropout1", 33, 0.3, CPU)
    expected = randomness.uniform(5, 3, examples, "dropout/dropout1", 33) >= round(0.3 * 2**32) / 2**32
    assert np.array_equal(mask.numpy(), expected)


def test_a_mask_does_not_know_who_else_is_in_the_batch():
    layer = Dropout(0.4, "dropout1").train()
    x = torch.ones(6, 3, 4, 5)
    examples = torch.tensor([11, 3, 8, 20, 5, 3])
    layer.set_key(1, 2, examples)
    together = layer(x)
    for row, example in enumerate(examples):
        layer.set_key(1, 2, example[None])
        assert torch.equal(layer(x[:1])[0], together[row])
    assert torch.equal(together[1], together[5]) and not torch.equal(together[0], together[1])


def test_masks_differ_by_seed_epoch_and_layer():
    masks = [
        keep(s, e, torch.arange(4), p, 500, 0.5, CPU)
        for s, e, p in ((0, 0, "a"), (1, 0, "a"), (0, 1, "a"), (0, 0, "b"))
    ]
    for i in range(4):
        for j in range(i):
            agree = (masks[i] == masks[j]).sum().item()
            assert abs(agree - 1000) < 5 * math.sqrt(2000 * 0.25), "independent masks agree on half of their places"


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_rate_is_the_rate(rate):
    n = 400 * 500
    mask = keep(3, 1, torch.arange(400), "dropout/x", 500, rate, CPU)
    bound = 4.5 * math.sqrt(n * rate * (1 - rate))  # one such test in 150,000 fails by chance; the seed is fixed
    assert abs((~mask).sum().item() - n * rate) < bound
    columns, rows = (~mask).sum(0), (~mask).sum(1)
    assert (columns - 400 * rate).abs().max() < 5 * math.sqrt(400 * rate * (1 - rate))
    assert (rows - 500 * rate).abs().max() < 5 * math.sqrt(500 * rate * (1 - rate))


def test_what_stays_is_enlarged_and_evaluation_changes_nothing():
    layer = Dropout(0.2, "d")
    x = torch.rand(2, 50) + 1
    assert torch.equal(layer.eval()(x), x)
    layer.train().set_key(0, 0, torch.arange(2))
    out = layer(x)
    torch.testing.assert_close(out[out != 0], (x / 0.8)[out != 0])
    assert torch.equal(Dropout(0.0, "d").train()(x), x)


def test_memory_layout_does_not_change_the_mask():
    layer = Dropout(0.5, "d").train()
    layer.set_key(0, 0, torch.arange(2))
    x = torch.rand(2, 3, 4, 4)
    assert torch.equal(layer(x), layer(x.to(memory_format=torch.channels_last)))


def test_a_missing_or_stale_key_is_an_error_not_a_guess():
    layer = Dropout(0.5, "dropout1").train()
    with pytest.raises(RuntimeError, match="none was given"):
        layer(torch.ones(2, 3))
    layer.set_key(0, 0, torch.arange(3))
    with pytest.raises(RuntimeError, match="the last was for 3 examples, not 2"):
        layer(torch.ones(2, 3))


def test_the_network_hands_keys_to_every_dropout_and_empty_batches_pass():
    network = build(
        ["flatten", {"dropout": 0.5}, {"dense": 8}, {"dropout": 0.5}, {"dense": "classes"}], (1, 4, 4), 2
    ).train()
    x = torch.rand(3, 1, 4, 4)
    network.begin(0, 0, torch.tensor([5, 6, 7]))
    first = network(x)
    network.begin(0, 0, torch.tensor([7, 6, 5]))
    assert torch.equal(network(x.flip(0)).flip(0), first) or torch.allclose(
        network(x.flip(0)).flip(0), first, rtol=1e-6
    )
    network.begin(0, 1, torch.tensor([5, 6, 7]))
    assert not torch.allclose(network(x), first)
    network.begin(0, 0, torch.tensor([], dtype=torch.int64))
    assert network(x[:0]).shape == (0, 2)
