"""Things as peaks of a heat map, with the distances from a peak to the four sides of its box: target, loss and reading.

After Zhou, Wang and Krähenbühl, "Objects as Points" (arXiv:1904.07850), with the denser targets of Liu et al., "Training-Time-Friendly
Network for Real-Time Object Detection" (arXiv:1909.00700): every place near a centre learns its box, weighted by the heat there, which
learns faster from few pictures. Heat is one map per class, in [0, 1], and can be looked at.

Outputs (N, K + 4, h, w) at `STRIDE` pixels per place: K logits of heat (less `COLD`), then left, top, right, bottom as logarithms.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

STRIDE = 4
# Most places are background: a network that knows nothing yet answers with a heat of 2 %.
COLD = 4.0
# Distances are SIDE · exp(output) pixels: at the start every box is a square of twice that side.
SIDE = 16.0
# Width of a thing's heat as a share of its box, after Liu et al.
SPREAD = 0.54
_CERTAIN = 1 - 1e-4
_LEAST_HEAT = 0.05  # places with less of a thing's heat do not learn its box
_PEAK = 3  # a peak is the largest heat in this many places, along each side


def heats(outputs: "torch.Tensor", classes: int) -> "torch.Tensor":
    """Return the heat maps float32 (N, K, h, w) in [0, 1]."""
    import torch

    return torch.sigmoid(outputs[:, :classes].float() - COLD)


def boxes(outputs: "torch.Tensor", classes: int) -> "torch.Tensor":
    """Return the box that each place would answer, float32 (N, 4, h, w): x1, y1, x2, y2 in pixels of the fitted picture."""
    import torch

    _, _, h, w = outputs.shape
    away = SIDE * outputs[:, classes:].float().clamp(-6, 6).exp()
    x = (torch.arange(w, device=outputs.device, dtype=torch.float32) + 0.5) * STRIDE
    y = (torch.arange(h, device=outputs.device, dtype=torch.float32) + 0.5) * STRIDE
    x, y = x[None, None, :], y[None, :, None]
    return torch.stack([x - away[:, 0], y - away[:, 1], x + away[:, 2], y + away[:, 3]], 1)


def target(
    boxes: "torch.Tensor", labels: "torch.Tensor", learnt: "torch.Tensor", classes: int, grid: tuple[int, int]
) -> "tuple[torch.Tensor, torch.Tensor, torch.Tensor]":
    """Return what places should say: heat float32 (N, K, h, w), the thing that each place belongs to int64 (N, h, w), and how much it
    counts for that thing's box float32 (N, h, w), each thing's places summing to one.

    `boxes` float32 (N, M, 4), `labels` int64 (N, M), `learnt` bool (N, M).
    """
    import torch

    h, w = grid
    scaled = boxes / STRIDE
    middle, half = (scaled[:, :, :2] + scaled[:, :, 2:]) / 2, (scaled[:, :, 2:] - scaled[:, :, :2]) / 2
    limits = torch.tensor([w - 1, h - 1], dtype=torch.float32, device=boxes.device)
    cell = torch.minimum(middle.floor().clamp(min=0), limits)
    sigma = (2 * half * SPREAD + 1) / 6
    across = torch.arange(w, device=boxes.device) - cell[:, :, 0, None]
    down = torch.arange(h, device=boxes.device) - cell[:, :, 1, None]
    across = torch.exp(-(across**2) / (2 * sigma[:, :, 0, None] ** 2))
    down = torch.exp(-(down**2) / (2 * sigma[:, :, 1, None] ** 2))
    heat = down[:, :, :, None] * across[:, :, None, :] * learnt[:, :, None, None]
    of_class = torch.zeros(len(boxes), classes, h, w, device=boxes.device)
    of_class.scatter_reduce_(1, labels[:, :, None, None].expand(-1, -1, h, w), heat, "amax")
    best, thing = heat.max(1)
    counts = torch.where(best >= _LEAST_HEAT, best, 0.0).flatten(1)
    sums = torch.zeros(boxes.shape[:2], device=boxes.device).scatter_add_(1, thing.flatten(1), counts)
    shares = counts / sums.gather(1, thing.flatten(1)).clamp(min=1e-6)
    return of_class, thing, shares.view_as(best)


def focal(outputs: "torch.Tensor", heat: "torch.Tensor", counted: "torch.Tensor") -> "torch.Tensor":
    """Return the focal loss of heat logits (N, K, h, w) against `heat` in [0, 1], float32 (N, K): Zhou et al., equation 1, summed.

    Places at the centre of a thing (heat 1) are to be sure; all others are to stay cold, the less so the nearer to a centre. `counted`
    float (N, 1, h, w) is 0 where nothing is learnt.
    """
    import torch
    from torch.nn.functional import logsigmoid

    logits = outputs.float() - COLD
    p = torch.sigmoid(logits)
    centre = heat >= _CERTAIN
    hot = -logsigmoid(logits) * (1 - p) ** 2
    cold = -logsigmoid(-logits) * p**2 * (1 - heat) ** 4
    return (torch.where(centre, hot, cold) * counted).flatten(2).sum(2)


def overlap(a: "torch.Tensor", b: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Return IoU and generalised IoU (Rezatofighi et al., arXiv:1902.09630) of boxes (N, 4, …) in pairs."""
    import torch

    def area(box: torch.Tensor) -> torch.Tensor:
        return (box[:, 2] - box[:, 0]).clamp(min=0) * (box[:, 3] - box[:, 1]).clamp(min=0)

    shared = area(torch.cat([torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])], 1))
    around = area(torch.cat([torch.minimum(a[:, :2], b[:, :2]), torch.maximum(a[:, 2:], b[:, 2:])], 1))
    union = area(a) + area(b) - shared
    iou = shared / union.clamp(min=1e-6)
    return iou, iou - (around - union) / around.clamp(min=1e-6)


def box_loss(
    outputs: "torch.Tensor",
    classes: int,
    truth: "torch.Tensor",
    thing: "torch.Tensor",
    shares: "torch.Tensor",
    kind: str,
) -> "torch.Tensor":
    """Return the loss of the boxes summed over things, float32 (N,): 1 - GIoU, or the mean absolute error of the sides' logarithms (l1).

    `truth` float32 (N, M, 4); `thing` and `shares` (N, h, w) as `target` gives them.
    """
    import torch

    h, w = thing.shape[1:]
    wanted = truth.gather(1, thing.flatten(1)[:, :, None].expand(-1, -1, 4)).transpose(1, 2).reshape(-1, 4, h, w)
    answered = boxes(outputs, classes)
    if kind == "giou":
        lost = 1 - overlap(answered, wanted)[1]
    else:
        x = (torch.arange(w, device=outputs.device) + 0.5)[None, None, :] * STRIDE
        y = (torch.arange(h, device=outputs.device) + 0.5)[None, :, None] * STRIDE
        sides = torch.stack([x - wanted[:, 0], y - wanted[:, 1], wanted[:, 2] - x, wanted[:, 3] - y], 1)
        logs = (sides.clamp(min=1.0) / SIDE).log()
        lost = (outputs[:, classes:].float() - logs).abs().mean(1)
    return (lost * shares).flatten(1).sum(1)


def left_alone(boxes: "torch.Tensor", left: "torch.Tensor", grid: tuple[int, int]) -> "torch.Tensor":
    """Return float32 (N, 1, h, w): 0 in the places whose middle lies in a box (N, M, 4) that is `left` (N, M) alone, else 1."""
    import torch

    h, w = grid
    x = (torch.arange(w, device=boxes.device) + 0.5) * STRIDE
    y = (torch.arange(h, device=boxes.device) + 0.5) * STRIDE
    across = (x >= boxes[:, :, 0, None]) & (x <= boxes[:, :, 2, None])
    down = (y >= boxes[:, :, 1, None]) & (y <= boxes[:, :, 3, None])
    inside = down[:, :, :, None] & across[:, :, None, :] & left[:, :, None, None]
    return 1.0 - inside.any(1, keepdim=True).float()


def peaks(outputs: "torch.Tensor", classes: int, most: int) -> "torch.Tensor":
    """Return the surest things, float32 (N, T, 6): x1, y1, x2, y2 in pixels of the fitted picture, heat, class; surest first.

    A thing is a place whose heat is the largest around it. T is `most`, or all places there are.
    """
    import torch
    from torch.nn.functional import max_pool2d

    heat = heats(outputs, classes)
    largest = max_pool2d(heat, _PEAK, 1, _PEAK // 2)
    heat = heat * (heat >= largest)
    h, w = heat.shape[2:]
    scores, places = heat.flatten(1).topk(min(most, classes * h * w), dim=1)
    labels = torch.div(places, h * w, rounding_mode="floor")
    within = (places - labels * (h * w))[:, None, :].expand(-1, 4, -1)
    sides = boxes(outputs, classes).flatten(2).gather(2, within).transpose(1, 2)
    limits = torch.tensor([w, h, w, h], dtype=sides.dtype, device=sides.device) * STRIDE
    sides = torch.minimum(sides.clamp(min=0), limits)
    return torch.cat([sides, scores[:, :, None], labels[:, :, None].to(sides.dtype)], 2)


def unmirrored(outputs: "torch.Tensor", classes: int) -> "torch.Tensor":
    """Return outputs for pictures mirrored left to right as outputs for the pictures: left and right distances change places."""
    import torch

    flipped = outputs.flip(3)
    sides = flipped[:, classes:]
    return torch.cat([flipped[:, :classes], sides[:, 2:3], sides[:, 1:2], sides[:, 0:1], sides[:, 3:4]], 1)
