import pytest
import torch


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def every_word():
    """One network that uses every layer word but backbone."""
    return [
        "standardize",
        {"conv": 8, "kernel": 3, "padding": "same", "bias": False, "initial": "whiten", "frozen": True},
        "relu",
        {"maxpool": 3, "stride": 2, "padding": 1, "ceil": True},
        {"conv": 12, "kernel": [3, 2], "stride": [2, 1], "padding": [1, 0], "groups": 2, "activation": "leaky_relu"},
        {"batch_norm": {}, "scale": False, "rate": 4.0},
        "gelu",
        {"residual": [{"conv": 6, "padding": "same", "bias": False}, "batch_norm", "silu"], "activation": "relu"},
        {"residual": [{"depthwise": 3, "padding": "same"}, "tanh"]},
        {"upsample": 2, "mode": "bilinear"},
        {"upsample": 2},
        {"avgpool": 2, "padding": 1},
        {"conv": 4, "kernel": 2, "dilation": 2, "activation": "sigmoid"},
        {"dropout": 0.25},
        "flatten",
        {"dense": 10, "activation": "relu"},
        {"dense": "classes", "bias": False, "initial": "unit"},
        {"scale": 0.125},
    ]
