import pytest
import torch
from torch import nn

from glassnet.networks.modules import BatchNorm


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
