"""All figures with their intervals, class by class, and what trivial models reach."""

from glassnet.evaluation.scores import Figure, Scores
from glassnet.evaluation.show import explained, interval, name_of, number
from glassnet.report.charts import Line, shares
from glassnet.report.markup import Markup, prose, tag
from glassnet.report.material import Material
from glassnet.report.page import Section, table


def section(material: Material) -> Section | None:
    """Return the tables of every split that was measured, the main one first."""
    if not material.scores:
        return None
    first = material.main_split
    order = sorted(material.scores, key=lambda split: split != first)
    parts: list[Markup] = []
    for split in order:
        tables = _tables(material.scores[split])
        if split == first:
            parts += [tag("h3", split.capitalize()), *tables]
        else:
            parts.append(tag("details", tag("summary", f"On {split}"), tables))
    lead = (
        "Each value stands with the interval that holds the true one in 95 of 100 such experiments: Wilson's for shares of pictures, the "
        "bootstrap over pictures for the rest."
    )
    return Section("scores", "Scores", lead, tag("div", parts))


def _tables(scores: Scores) -> list[Markup]:
    figures = [_row(explained(name, figure.threshold), figure) for name, figure in scores.figures.items()]
    parts = [table(("figure", "value", "95 % interval", "pictures", "method"), figures)]
    if scores.per_class:
        columns = list(dict.fromkeys(name for row in scores.per_class.values() for name in row))
        rows = [
            (name, _count(row), *(interval(row[column]) if column in row else "–" for column in columns))
            for name, row in scores.per_class.items()
        ]
        parts.append(table(("class", "pictures", *(name_of(column) for column in columns)), rows, "Class by class"))
    if scores.trivial:
        rows = [_row(name, figure) for name, figure in scores.trivial.items()]
        parts.append(
            table(
                ("model", name_of(scores.headline), "95 % interval", "pictures", "method"),
                rows,
                "What needs no network",
            )
        )
    if "leaks" in scores.tables:
        parts.append(_leaks(scores))
    if scores.tables.get("roc"):
        parts.append(_binary(scores))
    return parts


def _row(name: str, figure: Figure) -> tuple[str, ...]:
    return name, number(figure.value), f"{number(figure.low)} – {number(figure.high)}", f"{figure.n:,}", figure.method


def _count(row: dict[str, Figure]) -> str:
    return f"{row['recall'].n:,}" if "recall" in row else "–"


def _leaks(scores: Scores) -> Markup:
    price = scores.tables["leaks"]
    return tag("p", tag("strong", "What leaks are worth. "), prose(price.get("sentence", "")), cls="warning")


def _binary(scores: Scores) -> Markup:
    """Return the curves of a binary question with the threshold in use marked on them."""
    tables = scores.tables
    roc, pr, positive, threshold = tables["roc"], tables.get("pr"), tables["positive"], tables["threshold"]
    what = f"threshold {threshold:.3g}"
    across, up = roc["false_positive_rate"], roc["true_positive_rate"]
    at = _in_use(roc["threshold"], threshold)
    charts = [
        shares("ROC curve", Line("ROC", across, up), "false positive rate", "recall", (across[at], up[at], what), True)
    ]
    if pr:
        at = _in_use(pr["threshold"], threshold)
        point = (pr["recall"][at], pr["precision"][at], what)
        line = Line("precision over recall", pr["recall"], pr["precision"])
        charts.append(shares("Precision over recall", line, "recall", "precision", point, False))
    said = (
        f"The positive class is {positive}; an answer counts as positive from a probability of {threshold:.3g}, which is the point on "
        "each curve. The dotted line beside ROC is guessing."
    )
    return tag("div", tag("p", said), tag("div", charts, cls="charts"))


def _in_use(thresholds: list[float], threshold: float) -> int:
    """Return the last place of falling thresholds at which answers still need at least `threshold`."""
    return max((i for i, value in enumerate(thresholds) if value >= threshold), default=0)
