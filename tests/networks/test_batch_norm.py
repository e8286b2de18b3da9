import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from glassnet.networks.modules import BatchNorm
from glassnet.training.distributed import World


@pytest.mark.parametrize("shape", [(8, 5, 6, 7), (16, 5)])
@pytest.mark.parametrize("scale", [True, False])
def test_it_is_torchs_batch_norm_with_and_without_scale(shape, scale):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 3 + 1
    ours = BatchNorm(5, scale=scale, momentum=0.3, eps=1e-4)
    theirs = (nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d)(5, eps=1e-4, momentum=0.3)
    assert [name for name, _ in ours.named_parameters()] == (["weight", "bias"] if scale else ["bias"])
    results = []
    for norm in (ours, theirs):
        given = x.clone().requires_grad_()
        for _ in range(2):
            out = norm(given)
            out.square().mul(torch.arange(out.numel()).view(shape) % 7).sum().backward()
        norm.eval()
        results.append(
            (out.detach(), given.grad, norm.bias.grad, norm.running_mean, norm.running_var, norm(x).detach())
        )
    for mine, other in zip(*results, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5)


def test_two_processes_with_unequal_shares_give_the_numbers_of_one(tmp_path):
    x = torch.randn(8, 3, 12, 12, generator=torch.Generator().manual_seed(3)) + 0.5
    save_file({"x": x}, tmp_path / "x.safetensors")
    worker = Path(__file__).with_name("batch_norm_worker.py")
    processes = [subprocess.Popen([sys.executable, str(worker), str(rank), str(tmp_path)]) for rank in (0, 1)]
    assert [process.wait(120) for process in processes] == [0, 0]
    first, second = (load_file(tmp_path / f"{rank}.safetensors") for rank in (0, 1))
    alone = runpy.run_path(str(worker))["run"](x, World())
    assert set(alone) == set(first) == set(second)
    for name, expected in alone.items():
        if name in ("x", "y"):  # five examples here, three there
            torch.testing.assert_close(torch.cat([first[name], second[name]]), expected, rtol=1e-4, atol=1e-5)
        else:
            torch.testing.assert_close(first[name], expected, rtol=1e-4, atol=2e-5)
            assert torch.equal(first[name], second[name]), name
