"""Loss, learning rate, local and global minima: a ball on a surface, rolled by the product's own optimizers."""

import itertools
import math
from typing import Any

import numpy as np

from glassnet.errors import NumericError, RecipeError
from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import few

SURFACES = ("bowl", "two valleys", "ridge")
"""bowl: one minimum. two valleys: a local minimum on the right and the global one on the left. ridge: long and narrow."""
_REACH = 2.0


def entropy(values: dict[str, Any]) -> dict[str, Any]:
    """Return the cross-entropy of logits for the true class, and the share that softmax gives it."""
    import torch

    from glassnet.tasks import task

    given = Given(values, "logits", "truth")
    logits = given.numbers("logits", 2, 20, -80, 80)
    truth = given.whole("truth", 0, len(logits) - 1)
    given_logits = torch.tensor([logits], dtype=torch.float32)
    loss = float(task("classify").loss(given_logits, torch.tensor([truth]))[0])
    return {
        "loss": loss,
        "share": math.exp(-loss),
        "shares": torch.softmax(given_logits[0].double(), 0).tolist(),
        "guessing": math.log(len(logits)),
    }


def curve(values: dict[str, Any]) -> dict[str, Any]:
    """Return the loss for every share that the true class may get, from nearly none to all."""
    import torch

    from glassnet.tasks import task

    given = Given(values, "points")
    shares = torch.linspace(0.005, 0.995, given.whole("points", 10, 400, 100), dtype=torch.float64)
    logits = torch.stack([shares, 1 - shares], 1).log().float()
    losses = task("classify").loss(logits, torch.zeros(len(shares), dtype=torch.int64))
    return {"share": [round(float(each), 6) for each in shares], "loss": [round(float(each), 6) for each in losses]}


def surface(values: dict[str, Any]) -> dict[str, Any]:
    """Return the height of a surface on a grid from −2 to 2 both ways, rows from the lowest y up, and its lowest point on that grid."""
    import torch

    given = Given(values, "surface", "points")
    name, points = given.choice("surface", SURFACES, "two valleys"), given.whole("points", 5, 101, 41)
    at = torch.linspace(-_REACH, _REACH, points, dtype=torch.float64)
    height = _height(name, at[None, :], at[:, None]) + torch.zeros(points, points, dtype=torch.float64)
    y, x = divmod(int(height.argmin()), points)
    return {
        "x": at.tolist(),
        "y": at.tolist(),
        "height": np.round(height.numpy(), 5).tolist(),
        "lowest": {"x": float(at[x]), "y": float(at[y]), "height": float(height[y, x])},
    }


def roll(values: dict[str, Any]) -> dict[str, Any]:
    """Return the way of a ball that an optimizer moves downhill: places, heights, slopes. `rests` is the step where it ends."""
    import torch
    from torch import nn

    from glassnet.recipe import TrainRecipe
    from glassnet.training import optimizers

    given = Given(values, "surface", "x", "y", "rate", "steps", "optimizer", "momentum")
    name = given.choice("surface", SURFACES, "two valleys")
    start = [given.number("x", -_REACH, _REACH, 1.6), given.number("y", -_REACH, _REACH, 1.0)]
    rate, steps = given.number("rate", 1e-5, 10, 0.05), given.whole("steps", 1, 500, 60)
    optimizer = given.choice("optimizer", ("sgd", "adam"), "sgd")
    momentum = given.number("momentum", 0, 0.99, 0)
    ball = nn.Module()
    place = nn.Parameter(torch.tensor(start))
    ball.register_parameter("place", place)
    settings = TrainRecipe(optimizer=optimizer, lr=rate, momentum=momentum, weight_decay=0.0)  # type: ignore[arg-type]
    moved = optimizers.build(ball, settings)
    optimizers.set_rate(moved, rate)
    way: list[dict[str, float]] = []
    left = False
    for _ in range(steps + 1):
        height = _height(name, place[0], place[1])
        height.backward()
        x, y = (float(each) for each in place.detach())
        high = float(height.detach())
        slope = [float(each) for each in place.grad]  # type: ignore[union-attr]
        if not all(math.isfinite(each) for each in (x, y, high, *slope)) or max(abs(x), abs(y)) > 1e6:
            left = True
            break
        way.append({"x": x, "y": y, "height": high, "slope_x": slope[0], "slope_y": slope[1]})
        moved.gradients()
        moved.step()
        moved.zero_grad()
    if not way:
        raise NumericError("The ball left the surface at once. Take a smaller learning rate.")
    return {"way": way, "left": left, "end": way[-1], "rests": _rests(way), "ended": _ended(name, way, left)}


def _height(name: str, x: Any, y: Any) -> Any:
    if name == "bowl":
        return 0.5 * (x * x + y * y)
    if name == "ridge":
        return 0.5 * (0.05 * x * x + 2 * y * y)
    return 0.25 * x**4 - 0.5 * x * x + 0.15 * x + 0.5 * y * y + 0.5


def _rests(way: list[dict[str, float]]) -> int:
    """Return the step from which on the ball lies still, or the last one."""
    steep = [math.hypot(place["slope_x"], place["slope_y"]) > 0.001 for place in way]
    return min(len(way) - 1, max((at + 1 for at, moves in enumerate(steep) if moves), default=0))


def _ended(name: str, way: list[dict[str, float]], left: bool) -> str:
    if left or way[-1]["height"] > way[0]["height"] + 1e-6:
        return "The learning rate is too large: each step goes further beyond the valley than the last."
    steep = math.hypot(way[-1]["slope_x"], way[-1]["slope_y"])
    if steep > 0.02 and _jumps(way[-8:]):
        return "The learning rate is too large: the ball jumps from one side of the valley to the other."
    if steep > 0.02:
        return "The ball has not come to rest: more steps, or a larger learning rate."
    if name == "two valleys" and way[-1]["x"] > 0:
        return "The ball rests in a local minimum: every way from here leads up, and yet the other valley is deeper."
    return "The ball rests in the global minimum: nowhere is the surface lower."


def _jumps(way: list[dict[str, float]]) -> bool:
    """Whether each of the last steps met the slope of the other side."""
    if len(way) < 8:
        return False
    return any(all(a[side] * b[side] < 0 for a, b in itertools.pairwise(way)) for side in ("slope_x", "slope_y"))


def _asks(explained: Any, pick: Pick) -> list[Question]:
    probabilities = None if explained is None else explained.answer.probabilities
    if probabilities:
        name, p = next(iter(probabilities.items()))
        p = min(max(round(p, 3), 0.001), 0.999)
        digits = 4 if p > 0.9 else 2
        asked = (
            f"Your network gives {name} the share {p:.3f}. If {name} is the truth, what is the loss (cross-entropy)? "
            f"({digits} decimals)"
        )
    else:
        p, digits = pick.whole(5, 90) / 100, 2
        asked = f"A network gives the true class the share {p}. What is the loss (cross-entropy)? ({digits} decimals)"
    loss = entropy({"logits": [math.log(p), math.log(1 - p)], "truth": 0})["loss"]
    place, rate = pick.one((1.0, 1.5, 2.0)), pick.one((0.1, 0.2, 0.5))
    step = roll({"surface": "bowl", "x": place, "y": 0, "rate": rate, "steps": 1})["way"]
    after = round(step[1]["x"], 6)
    caught = roll({"surface": "two valleys", "x": 1.6, "y": 0, "rate": 0.05, "steps": 300})["ended"]
    if "local" not in caught:
        raise RecipeError("The example no longer ends in the local minimum.")
    return [
        Question(
            asked,
            loss,
            0.011 if digits == 2 else 0.00011,
            how=f"The loss is the negative natural logarithm of that share: −ln {p} = {loss:.{digits + 1}f}.",
            slips=(
                (-loss, "The logarithm of a share is negative, and the loss is its negative."),
                (-math.log10(p), "Take the natural logarithm."),
            )
            if p < 0.9
            else (),
        ),
        Question(
            f"A weight is {few(place)}, the slope of the loss there is {few(step[0]['slope_x'])}, the learning rate is {rate}. "
            "Which value has the weight after one step of gradient descent?",
            after,
            1e-6,
            how=f"{few(place)} − {rate} × {few(step[0]['slope_x'])} = {few(after)}: one goes against the slope.",
            slips=((2 * place - after, "One goes against the slope, so that the loss falls."),),
        ),
        Question(
            "The ball starts on the right of the surface with two valleys and rolls down in small steps. Where does it come "
            "to rest: in the local minimum or in the global minimum?",
            "local minimum",
            how=caught,
            choices=("local minimum", "global minimum"),
        ),
    ]


LESSON = Lesson(
    "loss",
    "Loss, learning rate, minima",
    "The loss says with one number how wrong the network is, and training moves every weight a little against the slope of "
    "the loss. A learning rate that is too small takes forever, one that is too large jumps out of the valley, and a valley "
    "need not be the deepest one: a local minimum, not the global one.",
    {"entropy": entropy, "curve": curve, "surface": surface, "roll": roll},
    {
        "entropy": {"logits": [2.0, 1.0, 0.1], "truth": 0},
        "curve": {"points": 100},
        "surface": {"surface": "two valleys", "points": 41},
        "roll": {
            "surface": "two valleys",
            "x": 1.6,
            "y": 1.0,
            "rate": 0.05,
            "steps": 60,
            "optimizer": "sgd",
            "momentum": 0,
        },
    },
    _asks,
)
