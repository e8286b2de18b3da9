"""timm/<name>. timm itself is not installed here: `FakeTimm` stands in for the few functions that are called, and is named as such."""

import sys
import types
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from glassnet.data.pixels import PixelSettings
from glassnet.errors import ModelFileError, NetworkError, RecipeError
from glassnet.networks.files import load_model, save_model
from glassnet.networks.network import build
from glassnet.networks.presets import layers_of, recommendations
from glassnet.networks.pretrained import describe
from glassnet.networks.summary import summarise


class FakeBody(nn.Module):
    """Two stages, as a timm network made with features_only=True answers."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one = nn.Sequential(nn.Conv2d(channels, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.two = nn.Conv2d(4, 6, 3, 2, 1)
        self.feature_info = types.SimpleNamespace(channels=lambda: [4, 6], reduction=lambda: [2, 4])

    def forward(self, x):
        first = self.one(x)
        return [first, self.two(first)]


class FakeTimm(types.ModuleType):
    """Records what was asked for; `hub` is what the hub would answer, None when there is no network."""

    def __init__(self) -> None:
        super().__init__("timm")
        self.hub: dict | None = None
        self.fetched: list[str] = []

    def is_model(self, name):
        return name in ("fakenet", "odd")

    def list_models(self):
        return ["fakenet", "odd"]

    def get_pretrained_cfg(self, name, allow_unregistered=True):
        return types.SimpleNamespace(mean=(0.4, 0.5, 0.6), std=(0.2, 0.2, 0.2))

    def create_model(self, name, pretrained, features_only, in_chans, pretrained_cfg_overlay=None):
        assert features_only
        if name == "odd":
            raise RuntimeError("features_only is not implemented for this model")
        body = FakeBody(in_chans)
        if pretrained:
            file = (pretrained_cfg_overlay or {}).get("file")
            self.fetched.append(file or "hub")
            if file is None and self.hub is None:
                raise OSError("We couldn't connect to the hub")
            body.load_state_dict(load_file(file) if file else self.hub, strict=False)
        return body


@pytest.fixture
def timm(monkeypatch):
    fake = FakeTimm()
    monkeypatch.setitem(sys.modules, "timm", fake)
    describe.cache_clear()
    yield fake
    describe.cache_clear()


@pytest.fixture
def weights(tmp_path) -> Path:
    torch.manual_seed(4)
    save_file(FakeBody(3).state_dict(), tmp_path / "fake.safetensors")
    return tmp_path / "fake.safetensors"


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)  # importing it now raises, as when it is not installed
    with pytest.raises(RecipeError, match=r'pip install "glassnet\[pretrained\]"'):
        layers_of("timm/resnet18", (3, 32, 32), 2)


def test_weights_come_from_the_file_and_the_five_questions_are_answered(timm, weights):
    layers = layers_of(f"timm/fakenet@{weights}", (3, 16, 16), 3, 0.2)
    network = build(layers, (3, 16, 16), ("a", "b", "c"))
    assert timm.fetched == [str(weights)]
    body = network.steps["backbone1"].body
    assert all(torch.equal(body.state_dict()[name], tensor) for name, tensor in load_file(weights).items())
    assert [(s.stride, s.channels) for s in network.stages] == [(2, 4), (4, 6)]
    x = torch.rand(2, 3, 16, 16)
    network.eval()
    assert [tuple(m.shape[1:]) for m in network.maps(x)] == [(4, 8, 8), (6, 4, 4)]
    assert torch.equal(network.head(network.features(x)), network(x)) and network(x).shape == (2, 3)
    mean, std = torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1), torch.tensor([0.2]).view(1, 1, 1, 1)
    torch.testing.assert_close(network.features(x), body((x - mean) / std)[-1])
    assert network.ready, "the pretrained mean and std are given, not measured"
    assert network.rate_factors == {"steps.backbone1.": 0.1}


def test_summary_counts_the_backbone(timm):
    summary = summarise(layers_of("timm/fakenet", (3, 16, 16), 3), (3, 16, 16), 3)
    row = summary["backbone1"]
    assert row.shape == (6, 4, 4) and row.parameters == 3 * 4 * 9 + 8 + 4 * 6 * 9 + 6
    assert row.multiply_adds == 4 * 64 * 27 + 6 * 16 * 36
    assert timm.fetched == [], "a summary fetches nothing"


def test_frozen_means_weights_and_running_statistics_stay(timm, weights):
    network = build(layers_of(f"timm/fakenet@{weights}", (3, 16, 16), 3), (3, 16, 16), 3)
    network.freeze(True)
    network.train()
    before = {name: t.clone() for name, t in network.steps["backbone1"].state_dict().items()}
    network(torch.rand(4, 3, 16, 16)).sum().backward()
    assert all(torch.equal(t, before[name]) for name, t in network.steps["backbone1"].state_dict().items())
    assert [name for name, p in network.named_parameters() if p.requires_grad] == [
        "steps.dense1.weight",
        "steps.dense1.bias",
    ]
    network.freeze(False)
    network(torch.rand(4, 3, 16, 16)).sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    assert not torch.equal(network.steps["backbone1"].body.one[1].running_mean, before["body.one.1.running_mean"])


def test_a_saved_network_needs_neither_hub_nor_file(timm, weights, tmp_path):
    network = build(layers_of(f"timm/fakenet@{weights}", (3, 16, 16), 3), (3, 16, 16), 3).eval()
    save_model(tmp_path / "m", network, task="classify", pixels=PixelSettings(16, 16))
    weights.unlink()
    timm.fetched.clear()
    x = torch.rand(2, 3, 16, 16)
    assert torch.equal(load_model(tmp_path / "m").network(x), network(x)) and timm.fetched == []


def test_no_connection_is_a_network_error_that_offers_the_file(timm):
    with pytest.raises(NetworkError, match=r"timm/fakenet@path/to/model.safetensors"):
        build(layers_of("timm/fakenet", (3, 16, 16), 3), (3, 16, 16), 3)
    timm.hub = FakeBody(3).state_dict()
    build(layers_of("timm/fakenet", (3, 16, 16), 3), (3, 16, 16), 3)
    assert timm.fetched == ["hub", "hub"]


def test_mistakes_are_explained(timm, tmp_path):
    for name, sentence in (
        ("timm/fakent", r"timm has no network 'fakent'. Near: fakenet"),
        ("timm/odd", r"cannot give its inner maps"),
        ("timm/", r"names no network"),
        ("timm/fakenet@", r"names no network"),
        (f"timm/fakenet@{tmp_path / 'no.safetensors'}", r"No pretrained weights at"),
    ):
        with pytest.raises(RecipeError, match=sentence):
            summarise(layers_of(name, (3, 16, 16), 3), (3, 16, 16), 3)
    (tmp_path / "w.pth").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelFileError, match="pickle"):
        layers_of(f"timm/fakenet@{tmp_path / 'w.pth'}", (3, 16, 16), 3)


def test_a_torchvision_of_another_torch_is_explained(monkeypatch):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "timm":
                raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.delitem(sys.modules, "timm", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(RecipeError, match=r"torchvision was built for another torch \(operator torchvision::nms"):
        layers_of("timm/resnet18", (3, 32, 32), 2)


def test_fine_tuning_has_its_own_recipe(timm):
    advice = recommendations("timm/fakenet", 200, 64, 64, 3)
    assert advice["train.optimizer"][0] == "adamw" and advice["train.epochs"][0] == 30
    assert recommendations(layers_of("timm/fakenet", (3, 16, 16), 3), 200, 16, 16, 3)["train.optimizer"][0] == "adamw"
