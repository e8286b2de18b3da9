"""The sections of explain.html. Each is left out where there is nothing to show."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from glassnet.explain.colours import signed_colours
from glassnet.report.glass.material import Answered, Attributed, Crop, GlassLayer, GlassMaterial, Level
from glassnet.report.glass.packing import Plan
from glassnet.report.markup import Markup, join, tag
from glassnet.report.page import Section, table
from glassnet.report.pictures import figure, file_name, grid, image
from glassnet.tasks.palette import heat_colours

_SHOWN = 10  # lines of an answer
_SIDE = 400  # pixels of the longer side of a picture beside the answer


def answer(material: GlassMaterial) -> Section:
    """The picture as it came, and what the network answered."""
    picture = material.original if material.drawn is None else material.drawn
    shown = tag("figure", image(picture, f"The picture {material.picture_name}", _SIDE), cls="whole")
    lines = material.answer[:_SHOWN]
    more = len(material.answer) - len(lines)
    body = tag(
        "div",
        shown,
        tag(
            "div",
            tag("p", material.said, cls="said"),
            tag("ol", [tag("li", _line(each)) for each in lines], cls="answer") if lines else None,
            tag("p", f"{more:,} more are not shown.", cls="note") if more > 0 else None,
            [tag("p", note, cls="note") for note in material.notes],
        ),
        cls="answered2",
    )
    return Section("part-answer", "The answer", "", body)


def _line(each: Answered) -> Markup:
    name: object = each.name if each.opens is None else tag("a", each.name, href=_address(each.opens))
    if each.score is None:
        return tag("span", name, cls="name")
    bar = tag("rect", width=f"{100 * min(max(each.score, 0.0), 1.0):.1f}%", height="100%", rx=2)
    return join(
        [
            tag("span", name, cls="name"),
            tag("svg", bar, aria_hidden="true", cls="share"),
            tag("span", f"{100 * each.score:.1f} %", cls="figure"),
        ]
    )


def _address(opens: tuple[str, int, int | None, int | None]) -> str:
    return "#" + "/".join(str(part) for part in opens if part is not None)


def glass(material: GlassMaterial, plan: Plan) -> Section:
    """The heart: layers, maps, the picture beside one map, the arithmetic. The script fills it."""
    count = len(plan.closed)
    limit = (
        f" {count} of {len(material.network.layers)} layers can only be looked at here, because a page holds at most "
        f"{plan.most / 2**20:.3g} MB of numbers; in Python every one opens."
        if count
        else ""
    )
    lead = (
        "Pick a layer, pick one of its maps, point at a value: what it sees lights up in the picture. Click it, and the sum that made it "
        f"opens; every term can be opened again, down to the byte of a pixel.{limit}"
    )
    noscript = tag("noscript", tag("p", "This part needs JavaScript; the other sections do not."))
    body = join([noscript, tag("div", id="glass", hidden=True)])  # workbench.js fills it
    return Section("part-glass", "Layer by layer", lead, body)


def levels(material: GlassMaterial) -> Section | None:
    """Low-, middle- and high-level features side by side."""
    if not material.levels:
        return None
    named = {layer.name: layer for layer in material.network.layers}
    columns = [tag("div", _level(level, named[level.layer])) for level in material.levels]
    lead = "What the network looks for becomes larger and rarer from layer to layer. Each map opens in the glass above."
    return Section("part-levels", "From edges to things", lead, tag("div", columns, cls="columns"))


def _level(level: Level, layer: GlassLayer) -> list[Markup | None]:
    most = float(np.abs(layer.values).max())
    maps = []
    for channel in level.channels:
        values = layer.values[channel] if layer.values.ndim == 3 else layer.values[channel : channel + 1, None]
        drawn = image(
            _enlarged(signed_colours(values, most)), f"Channel {channel} of {layer.name}", max(40, *values.shape)
        )
        maps.append(
            tag("a", tag("figure", drawn, tag("figcaption", str(channel))), href=f"#{layer.name}/{channel}", cls="map")
        )
    return [
        tag("h3", level.title),
        tag("p", tag("a", layer.name, href=f"#{layer.name}"), " · ", level.sentence, cls="note"),
        tag("div", maps, cls="few"),
    ]


def _enlarged(pixels: np.ndarray) -> np.ndarray:
    """Small maps keep their pixels sharp: the page enlarges pictures of up to 40 pixels without blur."""
    times = max(1, 120 // max(pixels.shape[:2])) if max(pixels.shape[:2]) > 40 else 1
    return pixels.repeat(times, 0).repeat(times, 1)


def attributions(material: GlassMaterial) -> Section | None:
    """What the answer hung on, by every method side by side; one block per target."""
    if not material.attributions:
        return None
    targets = list(dict.fromkeys(each.target for each in material.attributions))
    ground = _ground(material.network.layers[0].values)
    blocks = []
    for place, target in enumerate(targets):
        figures = [_attributed(each, ground) for each in material.attributions if each.target == target]
        summary = tag("summary", f"Why {target}?")
        blocks.append(
            tag("details", summary, tag("div", figures, cls="columns"), open=place == 0, cls="target")
            if len(targets) > 1
            else join([tag("h3", f"Why {target}?"), tag("div", figures, cls="columns")])
        )
    lead = (
        "Each method answers another question, and none is the truth: where they agree, believe them more. Where a method has a sign, "
        "orange speaks for the answer and blue against it."
    )
    return Section("part-why", "What the answer hung on", lead, join(blocks))


def _attributed(each: Attributed, ground: np.ndarray) -> Markup:
    most = float(np.abs(each.values).max()) or 1.0
    if each.signed:
        part = np.abs(each.values)[..., None] / most
        colours = signed_colours(each.values, most).astype(np.float64)
        grey = (90 + 150 * ground)[..., None]
        strength = np.sqrt(part)
        pixels = (grey * (1 - strength) + colours * strength).round().astype(np.uint8)
    else:
        pixels = heat_colours(ground, np.clip(each.values / most, 0, 1))
    said = [
        tag("strong", each.method[:1].upper() + each.method[1:]),
        f" at {each.layer}. " if each.layer else ". ",
        each.sentence,
        " " if each.check else None,
        each.check,
    ]
    return tag(
        "figure", image(pixels, f"{each.method} for {each.target}", 320), tag("figcaption", said), cls="attributed"
    )


def _ground(picture: np.ndarray) -> np.ndarray:
    """Return the picture's grey values float (H, W) in [0, 1]."""
    shares = np.array([0.2126, 0.7152, 0.0722]) if len(picture) == 3 else np.full(len(picture), 1 / len(picture))
    return np.clip(np.tensordot(shares, picture.astype(np.float64), 1), 0, 1)


def changed(material: GlassMaterial) -> Section | None:
    """What the answer becomes when the picture is changed."""
    if not material.changed:
        return None
    figures = []
    for each in material.changed:
        # No links: the glass holds the values of the picture as it is.
        lines = tag("ol", [tag("li", _line(replace(line, opens=None))) for line in each.answer[:3]], cls="answer small")
        figures.append(
            tag(
                "figure",
                image(each.pixels, each.what, 160),
                tag("figcaption", tag("strong", each.what[:1].upper() + each.what[1:]), lines),
            )
        )
    lead = "The same network, the same picture, one thing changed. An answer that moves a lot hung on it."
    return Section("part-changed", "What if", lead, tag("div", figures, cls="columns narrow"))


def exciting(material: GlassMaterial) -> Section | None:
    """The parts of training pictures that excite some channels most."""
    if not material.exciting:
        return None
    blocks = []
    for each in material.exciting:
        crops = [_crop(crop) for crop in each.crops]
        name = tag("a", f"{each.layer}, channel {each.channel}", href=f"#{each.layer}/{each.channel}")
        blocks.append(join([tag("h3", name), tag("div", crops, cls="few crops")]))
    lead = "Parts of training pictures to which a channel answers most strongly: what it has come to look for."
    return Section("part-exciting", "What excites a channel most", lead, join(blocks))


def _crop(crop: Crop) -> Markup:
    label = f", {crop.label}" if crop.label else ""
    caption = [f"{crop.value:.3g}{label}"]
    return tag(
        "figure",
        image(_enlarged(crop.pixels), f"Part of {crop.name}{label}", 120),
        tag("figcaption", caption, title=crop.name),
    )


def nearest(material: GlassMaterial) -> Section | None:
    """The training pictures nearest in the last features."""
    if not material.nearest:
        return None
    figures = [
        figure(
            each.pixels,
            join([tag("strong", each.label), f" {each.similarity:.3f} ", file_name(each.name)]),
            f"{each.name}, {each.label}",
        )
        for each in material.nearest
    ]
    lead = (
        "Training pictures whose last features, before the vote, point in the most similar direction (cosine, 1 is the same). If they are "
        "of another class, that is where a mistake comes from."
    )
    return Section("part-nearest", "The nearest training pictures", lead, grid(figures))


def table_of_layers(material: GlassMaterial, plan: Plan) -> Section:
    """Every layer in numbers, readable without a script."""
    rows: list[Sequence[object]] = []
    for layer in material.network.layers:
        shape = layer.values.shape
        size = f"{shape[1]}×{shape[2]}×{shape[0]}" if len(shape) == 3 else f"{shape[0]:,}"
        low, high = float(layer.values.min()), float(layer.values.max())
        zeros = float(np.count_nonzero(layer.values == 0)) / layer.values.size
        opens = "only seen" if layer.name in plan.closed else "opens"
        rows.append(
            (
                tag("a", layer.name, href=f"#{layer.name}"),
                layer.kind,
                size,
                _signed(low),
                _signed(high),
                f"{100 * zeros:.0f} %",
                opens,
            )
        )
    body = [table(("layer", "kind", "shape", "least", "greatest", "zeros", "in this page"), rows, words=2, ending=1)]
    if plan.closed:
        reasons = list(dict.fromkeys(plan.closed.values()))
        command = tag("code", material.look_in_python.replace("{place}", '"layer", channel, row, column'))
        body.append(tag("p", "Layers that are only seen open in Python: ", command, ". The reasons:", cls="note"))
        body.append(tag("ul", [tag("li", reason) for reason in reasons], cls="note"))
    lead = f"{material.network.parameters:,} weights. Height × width × channels; the share of values that are exactly zero."
    return Section("part-layers", "All layers", lead, join(body))


def _signed(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
