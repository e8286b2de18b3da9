"""What elementwise layers do to a value, operation by operation: normalisation, standardising, scaling, activation, dropout."""

import math
from typing import Any

from glassnet.explain.terms import TINY, ULP, Change, Line
from glassnet.networks import layers as L
from glassnet.networks.shapes import Step


def change(module: Any, step: Step, value: float, channel: int, rounding: float) -> tuple[Change, float]:
    """Return what the layer makes of `value` in `channel`, and the bound on rounding afterwards, given that of `value`."""
    match step.layer:
        case L.BatchNorm():
            return _batch_norm(module, step, value, channel, rounding)
        case L.Standardize():
            return _standardize(module, step, value, channel, rounding)
        case L.Scale():
            after = value * module.factor
            lines = (Line("× constant", module.factor, after),)
            bound = abs(module.factor) * rounding + 2 * ULP * abs(after) + TINY
            return Change(step.name, step.kind, value, after, lines, {"factor": module.factor}), bound
        case L.Activation():
            return _activation(module, step, value, rounding)
        case L.Dropout():
            lines = (Line("dropout does nothing when a network answers", None, value),)
            return Change(step.name, step.kind, value, value, lines, {"rate": step.layer.rate}), rounding
    raise AssertionError(step.layer)


def _batch_norm(module: Any, step: Step, value: float, channel: int, rounding: float) -> tuple[Change, float]:
    mean, variance = module.running_mean[channel].item(), module.running_var[channel].item()
    deviation = math.sqrt(variance + module.eps)
    numbers = {"mean": mean, "variance": variance, "eps": module.eps}
    centred = value - mean
    after = centred / deviation
    lines = [
        Line("− mean of the training pictures", mean, centred),
        Line(f"÷ √(variance {variance:.6g} + eps {module.eps:g})", deviation, after),
    ]
    scale = 1.0
    if module.weight is not None:
        scale = numbers["scale"] = module.weight[channel].item()
        after *= scale
        lines.append(Line("× scale", scale, after))
    shift = numbers["shift"] = module.bias[channel].item()
    after += shift
    lines.append(Line("+ shift", shift, after))
    factor = abs(scale) / deviation
    # torch multiplies by one factor and adds one number, shift − mean · factor; each is rounded.
    bound = factor * rounding + 8 * ULP * (factor * (abs(value) + abs(mean)) + abs(shift)) + TINY
    return Change(step.name, step.kind, value, after, tuple(lines), numbers), bound


def _standardize(module: Any, step: Step, value: float, channel: int, rounding: float) -> tuple[Change, float]:
    mean, deviation = module.mean[channel].item(), module.std[channel].item()
    centred = value - mean
    after = centred / deviation
    lines = (Line("− mean", mean, centred), Line("÷ standard deviation", deviation, after))
    bound = (rounding + 2 * ULP * (abs(value) + abs(mean))) / deviation + 2 * ULP * abs(after) + TINY
    return Change(step.name, step.kind, value, after, lines, {"mean": mean, "std": deviation}), bound


def _activation(module: Any, step: Step, value: float, rounding: float) -> tuple[Change, float]:
    after, steepest = activated(module.kind, value, module.slope), 1.0
    numbers = {"slope": module.slope} if module.kind == "leaky_relu" else {}
    own = 2 * ULP * abs(after)
    if module.kind in ("gelu", "silu"):  # the steepest slopes are 1.129 and 1.100
        steepest, own = 1.13, 8 * ULP * (abs(after) + min(abs(value), 16.0))
    elif module.kind in ("sigmoid", "tanh"):
        own = 8 * ULP * abs(after) + 2 * ULP
    what = {"relu": "relu: what is below zero becomes zero", "leaky_relu": "leaky_relu: what is below zero × slope"}
    line = Line(what.get(module.kind, FORMULAS.get(module.kind, module.kind)), numbers.get("slope"), after)
    return Change(step.name, step.kind, value, after, (line,), numbers), steepest * rounding + own + TINY


FORMULAS = {
    "gelu": "gelu: ½ v (1 + erf(v / √2))",
    "silu": "silu: v / (1 + e⁻ᵛ)",
    "sigmoid": "sigmoid: 1 / (1 + e⁻ᵛ)",
    "tanh": "tanh: (eᵛ − e⁻ᵛ) / (eᵛ + e⁻ᵛ)",
}


def activated(kind: str, value: float, slope: float = 0.01) -> float:
    """Return the activation function `kind` at `value`, in float64."""
    match kind:
        case "relu":
            return max(value, 0.0)
        case "leaky_relu":
            return value if value > 0 else slope * value
        case "gelu":
            return 0.5 * value * math.erfc(-value / math.sqrt(2))
        case "silu":
            return value * _sigmoid(value)
        case "sigmoid":
            return _sigmoid(value)
        case "tanh":
            return math.tanh(value)
    raise AssertionError(kind)


def _sigmoid(value: float) -> float:
    if value >= 0:
        return 1.0 / (1.0 + math.exp(-value))
    raised = math.exp(value)  # without overflow for values far below zero
    return raised / (1.0 + raised)
