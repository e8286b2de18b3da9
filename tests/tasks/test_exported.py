"""From pixels to what outputs say in one graph: traced without a look at any value, and only of operators that every exporter knows."""

import importlib.util
import io

import numpy as np
import pytest
import torch
from torch import nn

from glassnet.networks.network import build
from glassnet.networks.presets import layers_of
from glassnet.tasks import task

# Not in ATen's core set, and translated by torch's ONNX exporter all the same; the first is dropped there.
BESIDE = {"_assert_tensor_metadata"}
DENSE = ["detect", "localize", "segment", "instances"]


class Reading(nn.Module):
    """The network, and what its outputs say."""

    def __init__(self, network, asked):
        super().__init__()
        self.network, self.asked = network, asked

    def forward(self, x):
        return self.asked.read(self.network(x))


def reading(name, size=(32, 48), classes=3):
    asked, shape = task(name), (3, *size)
    network = build(layers_of("mini", shape, classes, 0.0, asked.head(classes)), shape, classes, seed=1)
    torch.manual_seed(0)
    nn.init.normal_(network.steps["map"].weight, std=0.5)  # it starts at zero, and would answer the same everywhere
    network.prepare(torch.rand(4, *shape))
    return Reading(network.eval(), asked).eval()


@pytest.mark.parametrize("name", DENSE)
def test_decoding_is_traced_without_a_look_at_values_and_made_of_core_operators(name):
    module, x = reading(name), torch.rand(2, 3, 32, 48)
    program = torch.export.export(module, (x,))  # raises where control flow depends on values
    again = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        expected = module(again)
        assert torch.equal(program.module()(again), expected)
    decomposed = program.run_decompositions()
    strange = [
        str(node.target)
        for node in decomposed.graph.nodes
        if node.op == "call_function" and not known(node.target)
    ]  # fmt: skip
    assert not strange
    with torch.inference_mode():
        torch.testing.assert_close(decomposed.module()(again), expected, rtol=1e-4, atol=1e-3)


def known(target):
    """Whether an operator is of ATen and in its core set, or a plain one beside it that exporters translate."""
    if not isinstance(target, torch._ops.OpOverload) or target.namespace != "aten":
        return getattr(target, "__name__", "") == "getitem"
    return torch.Tag.core in target.tags or target.name().removeprefix("aten::").split(".")[0] in BESIDE


@pytest.mark.parametrize("name", DENSE)
def test_the_batch_may_have_any_size(name):
    module = reading(name)
    batch = torch.export.Dim("batch", min=1, max=64)
    program = torch.export.export(module, (torch.rand(2, 3, 32, 48),), dynamic_shapes=({0: batch},))
    for n in (1, 5):
        x = torch.rand(n, 3, 32, 48)
        with torch.inference_mode():
            assert torch.equal(program.module()(x), module(x))


@pytest.mark.skipif(
    not all(importlib.util.find_spec(word) for word in ("onnx", "onnxscript", "onnxruntime")),
    reason="onnx, onnxscript and onnxruntime are not installed",
)
@pytest.mark.parametrize("name", DENSE)
def test_onnx_says_the_same(name):
    import onnxruntime

    module, x = reading(name), torch.rand(2, 3, 32, 48)
    file = io.BytesIO()
    program = torch.onnx.export(module, (x,), dynamo=True)
    assert program is not None
    program.save(file)
    session = onnxruntime.InferenceSession(file.getvalue())
    with torch.inference_mode():
        expected = module(x).numpy()
    found = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
    if name in ("detect", "localize"):  # rows without heat only fill the answer up to its length, in any order
        found, expected = found[expected[:, :, 4] > 0], expected[expected[:, :, 4] > 0]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-2)
