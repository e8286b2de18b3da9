"""All figures with their intervals, class by class, and what trivial models reach."""

from glassnet.evaluation.scores import Figure, Scores
from glassnet.evaluation.show import interval, name_of, number
from glassnet.report.charts import Line, curves
from glassnet.report.markup import Markup, tag
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
    figures = [_row(name_of(name), figure) for name, figure in scores.figures.items()]
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
    return tag("p", tag("strong", "What leaks are worth. "), price.get("sentence", ""), cls="warning")


def _binary(scores: Scores) -> Markup:
    tables = scores.tables
    roc, pr = tables["roc"], tables.get("pr") or {}
    charts = [
        curves(
            "ROC curve",
            [Line(f"ROC, {tables.get('positive', '')}", roc["false_positive_rate"], roc["true_positive_rate"])],
            "false positive rate",
            "recall",
        )
    ]
    if pr:
        charts.append(
            curves("Precision over recall", [Line("precision", pr["recall"], pr["precision"])], "recall", "precision")
        )
    said = f"The positive class is {tables.get('positive')}; answers count as positive from a probability of {tables.get('threshold'):.3g}."
    return tag("div", tag("p", said), tag("div", charts, cls="charts"))
