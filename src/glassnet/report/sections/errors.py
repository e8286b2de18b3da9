"""What goes wrong with things: how many were found, missed and imagined, and what another threshold would trade."""

from typing import Any

from glassnet.evaluation.scores import Scores
from glassnet.report.charts import Line, shares
from glassnet.report.markup import Markup, tag
from glassnet.report.material import Material
from glassnet.report.page import Section, table

_CURVES = 8  # classes whose curve is shown without a click, those with the lowest average precision first
_BAR = 160
# Kind, what it is called, what it means. The first two share out the things of the truth, the others what was answered.
_OF_TRUTH = (
    ("found", "found", "a thing with an answer of its class that overlaps it by half or more"),
    ("missed", "missed", "a thing without such an answer"),
)
_OF_ANSWERS = (
    ("found", "right", "on a thing of its class"),
    ("background", "nothing there", "on background: hardly touches a thing"),
    ("wrong_class", "wrong class", "in the right place, under another name"),
    ("badly_placed", "badly placed", "touches a thing, but overlaps it by less than half"),
    ("double", "double", "on a thing that a surer answer has found already"),
)


def section(material: Material) -> Section | None:
    """Return the kinds of error of the main split and the curves of precision over recall; None for a task without them."""
    split = material.main_split
    scores = material.scores[split] if split else None
    if scores is None or not scores.tables.get("errors"):
        return None
    parts: list[Markup | None] = [_kinds(scores), _curves(scores)]
    lead = f"Counted over all {split} pictures"
    threshold = scores.tables.get("threshold")
    if threshold is not None:
        lead += f", for answers from a confidence of {threshold:.2f}: the threshold that validation chose, and that predict uses"
    return Section("errors", "What goes wrong", lead + ".", tag("div", parts))


def _kinds(scores: Scores) -> Markup:
    errors = scores.tables["errors"]
    things = errors["found"] + errors["missed"]
    answers = sum(errors[kind] for kind, *_ in _OF_ANSWERS)
    parts: list[Markup | None] = []
    if scores.tables.get("precision_recall") is None and answers + errors["missed"] == scores.main.n:
        every = (*_OF_ANSWERS[:-1], ("missed", "no answer", "nothing was answered"))
        return _bars(f"The answers for {scores.main.n:,} pictures", every, errors, scores.main.n)
    parts.append(_bars(f"Of {things:,} things", _OF_TRUTH, errors, things))
    parts.append(_bars(f"Of {answers:,} answers", _OF_ANSWERS, errors, answers))
    return tag("div", parts)


def _bars(title: str, kinds: tuple[tuple[str, str, str], ...], errors: dict[str, int], total: int) -> Markup:
    """Return a table whose rows carry a bar: how many of `total`, and what the kind means in words."""
    rows = []
    for kind, name, meaning in kinds:
        share = errors[kind] / total if total else 0.0
        wide = max(1.0 if errors[kind] else 0.0, share * _BAR)
        bar = tag("rect", width=f"{wide:.1f}", height=14, rx=2, cls="right" if kind == "found" else "wrong")
        drawn = tag("svg", bar, viewBox=f"0 0 {_BAR} 14", width=_BAR, height=14, aria_hidden="true", cls="bars")
        rows.append((name, f"{errors[kind]:,}", f"{share:.0%}" if total else "–", drawn, meaning))
    return table(("", "number", "share", "", "what it is"), rows, title, ending=1)


def _curves(scores: Scores) -> Markup | None:
    curves = {name: curve for name, curve in (scores.tables.get("precision_recall") or {}).items() if curve["recall"]}
    if not curves:
        return None
    order = sorted(curves, key=lambda name: _precision(scores, name))
    charts = [_chart(name, curves[name], scores) for name in order]
    parts: list[Markup] = [
        tag("h3", "Precision over recall"),
        tag(
            "p",
            "Precision is the share of answers that are right, recall the share of things that are found. A lower threshold "
            "moves to the right along the curve, a higher one to the left; the point is the threshold in use.",
        ),
        tag("div", charts[:_CURVES], cls="charts"),
    ]
    if len(charts) > _CURVES:
        more = tag("summary", f"{len(charts) - _CURVES} more classes")
        parts.append(tag("details", more, tag("div", charts[_CURVES:], cls="charts")))
    return tag("div", parts)


def _chart(name: str, curve: dict[str, list[float]], scores: Scores) -> Markup:
    threshold = scores.tables["threshold"]
    recall, precision = [0.0, *curve["recall"]], [curve["precision"][0], *curve["precision"]]
    reached = [i for i, value in enumerate(curve["threshold"]) if value >= threshold]
    point = (recall[reached[-1] + 1], precision[reached[-1] + 1]) if reached else (0.0, precision[0])
    found = scores.per_class.get(name, {})
    ap = f", AP50 {found['AP50'].value:.3f}" if "AP50" in found else ""
    line = Line(f"{name}{ap}", recall, precision)
    title = f"Precision over recall: {name}"
    return shares(title, line, "recall", "precision", (*point, f"threshold {threshold:.2f}"), False)


def _precision(scores: Scores, name: str) -> float:
    row: dict[str, Any] = scores.per_class.get(name, {})
    return row["AP50"].value if "AP50" in row else 2.0
