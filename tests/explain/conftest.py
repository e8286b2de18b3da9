import sys

import pytest
import torch

from glassnet.networks.pretrained import describe


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class FakeBody(torch.nn.Module):
    """A timm network of two maps, as tests/networks/test_pretrained.py stands in for it; timm itself is not installed here."""

    def __init__(self, channels):
        super().__init__()
        self.one, self.two = torch.nn.Conv2d(channels, 4, 3, 2, 1), torch.nn.Conv2d(4, 6, 3, 2, 1)
        self.feature_info = type("Info", (), {"channels": lambda _: [4, 6], "reduction": lambda _: [2, 4]})()

    def forward(self, x):
        first = self.one(x)
        return [first, self.two(first)]


@pytest.fixture
def fake_timm(monkeypatch):
    """`{"backbone": "fakenet"}` is a network of two maps."""
    module = type(sys)("timm")
    module.is_model = lambda name: name == "fakenet"
    module.create_model = lambda name, pretrained, features_only, in_chans: FakeBody(in_chans)
    monkeypatch.setitem(sys.modules, "timm", module)
    describe.cache_clear()
    yield
    describe.cache_clear()
