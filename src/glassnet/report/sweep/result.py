"""First what was asked and what came out: the best score, the one look at the test set, how many combinations there are."""

from glassnet.evaluation.show import number
from glassnet.report.markup import Markup, prose, tag
from glassnet.report.page import Section
from glassnet.report.sweep.view import View, counted, duration, interval

_ORDER = ("done", "pruned", "failed", "running", "interrupted", "planned")


def section(view: View) -> Section:
    """Return the cards, the warnings, the sentence about the others, and the search space."""
    material = view.material
    parts: list[Markup | None] = [tag("div", _best(view), _test(view), _counts(view), cls="head")]
    parts += [tag("p", tag("strong", "Note. "), prose(note), cls="warning") for note in material.notes]
    parts.append(_others(view))
    if material.space:
        parts += [
            tag("h3", "What was searched"),
            tag("ul", [tag("li", tag("code", line)) for line in material.space], cls="files"),
        ]
    if material.plan:
        parts += [tag("h3", "How"), tag("ul", [tag("li", prose(line)) for line in material.plan])]
    when = f", {material.created}" if material.created else ""
    lead = f"{counted(len(material.lines), 'combination')} of {counted(len(material.named), 'setting')} on {material.root}{when}. "
    lead += "The search ranks on validation pictures; it never looks at the test set."
    return Section("result", "What was asked and what came out", lead, tag("div", parts))


def _best(view: View) -> Markup:
    best = view.material.best
    if best is None or best.score is None:
        said = "No combination has come to an end with a score."
        return tag("div", tag("p", f"No {view.score_name} yet"), tag("p", said), cls="card")
    parts = [
        tag("p", f"Best {view.score_name} on the validation set"),
        tag("p", number(best.score), cls="big"),
        tag("p", f"{interval(best)}, {view.material.interval}") if interval(best) else None,
        tag("p", tag("a", f"Combination {best.number}", href=f"#c{best.number}"), f": {view.labels.said(best.values)}"),
    ]
    if len(view.ranked) > 1:
        parts.append(tag("p", f"It is the highest of {len(view.ranked):,}, so it flatters.", cls="note"))
    return tag("div", parts, cls="card")


def _test(view: View) -> Markup:
    figure = view.material.test
    if figure is not None:
        return tag(
            "div",
            tag(
                "p", f"{view.score_name.capitalize() if view.score_name.islower() else view.score_name} on the test set"
            ),
            tag("p", number(figure.value), cls="big"),
            tag(
                "p",
                f"between {number(figure.low)} and {number(figure.high)} with 95 % confidence, from {figure.n:,} pictures",
            ),
            tag("p", "Opened for the winner alone, after the choice was made.", cls="note"),
            cls="card",
        )
    parts = [tag("p", "The test set is sealed, or there is none: no combination has seen it.")]
    if view.material.open_test:
        parts += [tag("p", "Open it for the winner when you are done choosing:"), tag("pre", view.material.open_test)]
    return tag("div", parts, cls="card")


def _counts(view: View) -> Markup:
    material = view.material
    said = [f"{n:,} {status}" for status in _ORDER if (n := material.counted(status))]
    seconds = [line.seconds for line in material.lines if line.seconds is not None]
    parts = [
        tag("p", counted(len(material.lines), "combination")),
        tag("p", ", ".join(said)),
        tag("p", f"{duration(sum(seconds))} of training, all together") if seconds else None,
        tag("p", f"Winner: {material.winner}") if material.winner else None,
    ]
    if material.resume:
        parts += [tag("p", "Go on with it:"), tag("pre", material.resume)]
    return tag("div", parts, cls="card")


def _others(view: View) -> Markup | None:
    """Return the sentence that a hurried reader needs: how many are as good, and which of them costs least."""
    best = view.material.best
    if best is None:
        return None
    alike = [line for line in view.ranked if line.equal_to_best and line.number != best.number]
    if not alike:
        return None
    first = tag("a", f"{counted(len(alike), 'other combination')} cannot be told from the best", href="#alike")
    said = "."
    cheap = view.by_number.get(view.material.cheapest or 0)
    if cheap is not None and cheap.number != best.number and cheap.seconds is not None and best.seconds is not None:
        said += f" The cheapest of them is combination {cheap.number}: {duration(cheap.seconds)} instead of {duration(best.seconds)}."
    return tag("p", first, said, cls="verdict")
