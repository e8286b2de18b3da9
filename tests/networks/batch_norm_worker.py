"""One of two processes: half a batch through a network with batch norm; saves outputs, gradients and running statistics."""

import sys

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file

from glassnet.networks.network import build
from glassnet.training.distributed import World, shared_batch_norm

LAYERS = [
    {"conv": 4},
    {"batch_norm": {}, "scale": False},
    "relu",
    {"maxpool": 2},
    {"conv": 6},
    "batch_norm",
    {"global_pool": "avg"},
    {"dense": "classes"},
]


def run(x: torch.Tensor, world: World) -> dict[str, torch.Tensor]:
    network = build(LAYERS, (3, 12, 12), 3, seed=1).train()
    x = x.clone().requires_grad_()
    with shared_batch_norm(network, world):
        for _ in range(2):  # the second time with running statistics that are no longer the first ones
            y = network(x)
            y.square().sum().backward()
    gradients = {f"gradient/{name}": p.grad for name, p in network.named_parameters()}
    world.add_(list(gradients.values()))
    buffers = {f"buffer/{name}": b for name, b in network.named_buffers() if b.is_floating_point()}
    return {"y": y.detach(), "x": x.grad, **gradients, **buffers}


if __name__ == "__main__":
    rank, folder = int(sys.argv[1]), sys.argv[2]
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    x = load_file(f"{folder}/x.safetensors")["x"]
    made = run(x[:5] if rank == 0 else x[5:], World(rank, 2, rank, 2))
    save_file({name: t.contiguous() for name, t in made.items()}, f"{folder}/{rank}.safetensors")
    dist.destroy_process_group()
