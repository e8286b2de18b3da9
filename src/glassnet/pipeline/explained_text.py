"""What was seen in a picture, in words: for a terminal, and for a notebook."""

from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.report.markup import Markup, tag

if TYPE_CHECKING:
    from glassnet.pipeline.explained import Explained
    from glassnet.pipeline.strongest import Strongest

_CLASSES = 3  # of a vote, the likeliest
_TARGETS = 6
_MAPS = 6  # maps of a level beside each other in a notebook
_HEADS = ("layer", "shape", "least", "greatest", "zeros", "greatest at", "which sees")


def text(found: "Explained") -> str:
    """Return the answer, the table of layers and what can be asked further."""
    lines = [f"{found.picture.name}: {found.answer.text(_CLASSES)}", *found.notes, ""]
    rows = [_HEADS, *_rows(found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADS))]
    for row in rows:
        numbers = [cell.rjust(width) for cell, width in zip(row[1:5], widths[1:5], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *numbers, row[5].ljust(widths[5]), row[6]]).rstrip())
    if found.levels:
        lines.append("")
        lines += [f"{level.title}: {level.layer}. {level.sentence}" for level in found.levels]
    most = _most(found)
    lines += ["", most] if most else []
    names = [target.name for target in found.targets]
    if names:
        more = f", … ({len(names)} in all)" if len(names) > _TARGETS else ""
        lines += [f"To explain: {', '.join(names[:_TARGETS])}{more}"]
    return "\n".join(lines)


def _most(found: "Explained") -> str:
    """Return where in the picture most speaks for the answer, in a sentence; "" where nothing does."""
    try:
        made = found.gradcam()
    except RecipeError:  # nothing was answered, or no layer has a map
        return ""
    places = made.strongest(1)
    if not places:
        return ""
    x, y = found.original(*places[0][1:])
    return f"Most speaks for {made.target} around x {x}, y {y} of the picture (Grad-CAM at {made.layer})."


def _rows(found: "Explained") -> list[tuple[str, ...]]:
    places = {each.layer: each for each in found.strongest}
    rows: list[tuple[str, ...]] = []
    for layer in (found.seen.picture, *found.seen):
        low, high = (f"{value:.4g}".replace("-", "−") for value in layer.range)
        shape = (
            f"{layer.shape[1]}×{layer.shape[2]}×{layer.shape[0]}" if len(layer.shape) == 3 else f"{layer.shape[0]:,}"
        )
        strongest = places.get(layer.name)
        where = ("", "") if strongest is None else (strongest.place, _seen(strongest, found))
        rows.append((layer.name, shape, low, high, f"{100 * layer.zeros:.0f} %", *where))
    return rows


def _seen(strongest: "Strongest", found: "Explained") -> str:
    """Return what a value sees of the picture, in pixels of the picture itself."""
    if strongest.box is None:
        return "only padding"
    x1, y1, x2, y2 = strongest.box
    height, width = found.picture.size
    if (round(x1), round(y1), round(x2), round(y2)) == (0, 0, width, height):
        return "the whole picture"
    return f"x {x1:.0f} to {x2:.0f}, y {y1:.0f} to {y2:.0f}"


def inline(found: "Explained") -> str:
    """Return the picture with its answer, the strongest maps of three levels and the table of layers, as HTML that brings its own style."""
    from glassnet.explain.colours import signed_colours
    from glassnet.report.inline import Shown
    from glassnet.report.pictures import figure, grid

    drawn = found.picture.original
    if not found.predictor.task.one_class:
        drawn = found.predictor.task.draw(drawn, found.answer.answer)
    parts: list[Markup] = [grid([figure(drawn, found.answer.text(_CLASSES), found.picture.name, 224)])]
    parts += [tag("p", note) for note in found.notes]
    for level in found.levels:
        values = found.seen[level.layer].values
        most = float(np.abs(values).max())
        maps = [
            figure(signed_colours(values[channel], most), f"channel {channel}", f"{level.layer}, channel {channel}")
            for channel in level.channels[:_MAPS]
        ]
        parts += [tag("h4", f"{level.title}: {level.layer}"), grid(maps)]
    head = tag("tr", [tag("th", each) for each in _HEADS])
    body = [tag("tr", [tag("td", cell) for cell in row]) for row in _rows(found)]
    parts.append(tag("details", tag("summary", f"All {len(found.seen.layers)} layers"), tag("table", head, body)))
    return Shown(found.picture.name, tag("div", parts))._repr_html_()


def plain_values(explained: "Explained") -> dict[str, Any]:
    """Return the answer, every layer with its strongest place, and what can be explained, as plain JSON values."""
    places = {each.layer: each.as_dict() for each in explained.strongest}
    return {
        "run": explained.run.name,
        "task": explained.predictor.task.name,
        **explained.answer.as_dict(),
        "notes": list(explained.notes),
        "layers": [{**layer.as_dict(), "strongest": places[layer.name]} for layer in explained.seen],
        "levels": [level.as_dict() for level in explained.levels],
        "targets": [each.as_dict() for each in explained.targets],
    }
