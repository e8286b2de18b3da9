"""How learning went: loss and score over the epochs, on training and on validation pictures, and the learning rate."""

import math

from glassnet.report.charts import Line, curves
from glassnet.report.markup import Markup, tag
from glassnet.report.material import Material
from glassnet.report.page import Section, table
from glassnet.training.history import History


def section(material: Material) -> Section | None:
    """Return the curves with the chosen epoch, or None before the first epoch."""
    history = material.history
    if not len(history):
        return None
    charts = charts_of(history, _best_epoch(material))
    rows = [
        (
            row.epoch,
            *map(_shown, (row.loss, row.train_score, row.validation_loss, row.validation_score)),
            f"{row.seconds:.1f}",
        )
        for row in history
    ]
    values = tag(
        "details",
        tag("summary", "All values"),
        table(("epoch", "loss", "score", "validation loss", "validation score", "seconds"), rows, words=1),
    )
    last = history[-1]
    epochs = "1 epoch" if len(history) == 1 else f"{len(history)} epochs"
    lead = (
        f"{epochs} in {_time(last.seconds)}, {last.images_per_second:,.0f} pictures per second at the end. "
        "Training values are taken while weights change, on varied pictures and with dropout, so they may lie below those of validation."
    )
    if material.data.truth is not None:
        lead += " The score of training is a quick one, taken at the network's own resolution; it shows the course, not the level."
    return Section("learning", "Learning curves", lead, tag("div", tag("div", charts, cls="charts"), values))


def charts_of(history: History, best: int | None) -> list[Markup]:
    """Return the charts of loss, score and learning rate; `best` marks the epoch that was kept."""
    epochs = [float(value) for value in history.epoch]
    mark = None if best is None else (float(best), f"epoch {best} kept")
    loss = _both(epochs, history.loss, history.validation_loss)
    score = _both(epochs, history.train_score, history.validation_score)
    return [
        curves("Loss over epochs", loss, "epoch", "loss", mark),
        curves("Score over epochs", score, "epoch", "score", mark),
        curves("Learning rate at the end of each epoch", [Line("learning rate", epochs, history.lr)], "epoch", ""),
    ]


def _both(epochs: list[float], training: list[float], validation: list[float]) -> list[Line]:
    lines = [Line("training", epochs, training)]
    if any(math.isfinite(value) for value in validation):  # not every epoch need be validated: a chart leaves NaN out
        lines.append(Line("validation", epochs, validation, "second"))
    return lines


def _best_epoch(material: Material) -> int | None:
    found = material.verdict.get("numbers", {}).get("best_epoch")
    return int(found) if found else None


def _shown(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.1f} minutes"
