"""How scores and verdicts look: plain text tables for a terminal, escaped HTML for a notebook. Knows no arithmetic."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassnet.evaluation.scores import Figure, Scores

# At most this many classes are listed, the worst first: a table of a thousand rows is read by nobody.
_CLASSES_SHOWN = 40
_UNFOLDED = 12  # rows that a notebook shows without a click
_FIRST = ("accuracy", "balanced_accuracy", "precision_macro", "recall_macro", "f1_macro", "roc_auc", "log_loss", "ece")
_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "top5_accuracy": "top-5 accuracy",
    "precision_macro": "precision, mean of classes",
    "recall_macro": "recall, mean of classes",
    "f1_macro": "F1, mean of classes",
    "precision_weighted": "precision, by class size",
    "recall_weighted": "recall, by class size",
    "f1_weighted": "F1, by class size",
    "mcc": "Matthews correlation",
    "log_loss": "log-loss",
    "brier": "Brier score",
    "ece": "calibration error (ECE)",
    "ece_uncalibrated": "ECE before temperature",
    "roc_auc": "area under ROC",
    "average_precision": "average precision",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
}


def name_of(figure: str) -> str:
    """Return a figure's name as a person reads it."""
    return _NAMES.get(figure, figure.replace("_", " "))


def number(value: float) -> str:
    """Return a figure with three decimals, which is as far as the intervals ever reach."""
    return f"{value:.3f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a text table: first column left, the others right, two spaces between."""
    cells = [list(head), *[list(row) for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = []
    for row in cells:
        first = row[0].ljust(widths[0])
        lines.append(
            "  ".join([first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]).rstrip()
        )
    return "\n".join(lines)


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return an escaped HTML table."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def html_text(text: str) -> str:
    """Return one escaped paragraph."""
    return f"<p>{escape(text)}</p>"


def scores_text(scores: "Scores", brief: bool = False) -> str:
    """Return the parts of the scores as text; brief: the figures that people ask for first, and the best trivial model alone."""
    parts = [_title(scores)]
    parts += [table(head, rows) for head, rows in _tables(scores, brief)]
    parts += [f"Warning: {sentence}" for sentence in scores.warnings]
    return "\n\n".join(parts)


def scores_html(scores: "Scores") -> str:
    """Return the scores as HTML, what few need folded away; every name that came from the data is escaped."""
    brief, everything = _tables(scores, brief=True), _tables(scores)
    parts = [f"<h4>{escape(_title(scores))}</h4>"]
    parts += [html_table(head, rows) for head, rows in brief if len(rows) <= _UNFOLDED]
    parts += [warning_html(sentence) for sentence in scores.warnings]
    if everything != brief or any(len(rows) > _UNFOLDED for _, rows in brief):
        parts.append(folded("All figures", "".join(html_table(head, rows) for head, rows in everything)))
    return f"<div class='glassnet-scores'>{''.join(parts)}</div>"


def scores_side_by_side(splits: Mapping[str, "Scores"]) -> str:
    """Return one HTML table with a row for each split that has a headline, and the warnings of the last split below it."""
    taken = [scores for scores in splits.values() if scores.headline in scores.figures]
    if not taken:
        return ""
    names = [name for name in _FIRST if any(name in scores.figures for scores in taken)]
    rows = []
    for scores in taken:
        figures = [interval(scores[name]) if name in scores.figures else "–" for name in names]
        rows.append([scores.split, f"{scores.main.n:,}", *figures])
    said = "".join(warning_html(sentence) for sentence in taken[-1].warnings)
    return html_table(["split", "pictures", *map(name_of, names)], rows) + said


def warning_html(sentence: str) -> str:
    """Return one escaped warning, in which what stands between backticks is code."""
    parts = (f"<code>{escape(part)}</code>" if i % 2 else escape(part) for i, part in enumerate(sentence.split("`")))
    return f"<p><strong>Warning:</strong> {''.join(parts)}</p>"


def folded(title: str, body: str) -> str:
    """Return HTML that opens on a click."""
    return f"<details><summary>{escape(title)}</summary>{body}</details>"


def _title(scores: "Scores") -> str:
    main = scores.figures.get(scores.headline)
    if main is None:
        return f"{scores.split}: {name_of(scores.headline)} could not be taken"
    return f"{scores.split}: {name_of(scores.headline)} {interval(main)} on {main.n:,} pictures"


def interval(figure: "Figure") -> str:
    """Return `0.912 [0.890, 0.930]`."""
    return f"{number(figure.value)} [{number(figure.low)}, {number(figure.high)}]"


def _tables(scores: "Scores", brief: bool = False) -> list[tuple[list[str], list[list[str]]]]:
    rows = [_row(name_of(name), figure) for name, figure in scores.figures.items() if not brief or name in _FIRST]
    found = [(["figure", "value", "95 % interval", "n", "method"], rows)]
    if scores.per_class:
        found.append(_class_table(scores))
    if scores.trivial:
        best = max(scores.trivial, key=lambda name: scores.trivial[name].value)
        rows = [_row(name, figure) for name, figure in scores.trivial.items() if not brief or name == best]
        found.append((["trivial model", name_of(scores.headline), "95 % interval", "n", "method"], rows))
    return found


def _row(name: str, figure: "Figure") -> list[str]:
    return [name, number(figure.value), f"{number(figure.low)} – {number(figure.high)}", f"{figure.n:,}", figure.method]


def _class_table(scores: "Scores") -> tuple[list[str], list[list[str]]]:
    columns = list(dict.fromkeys(name for row in scores.per_class.values() for name in row))
    worst_first = sorted(scores.per_class.items(), key=lambda item: item[1]["f1"].value if "f1" in item[1] else 2.0)
    shown = scores.per_class.items() if len(worst_first) <= _CLASSES_SHOWN else worst_first[:_CLASSES_SHOWN]
    rows = []
    for name, row in shown:
        pictures = f"{row['recall'].n:,}" if "recall" in row else "0" if "precision" in row else "–"
        rows.append([name, pictures, *(interval(row[column]) if column in row else "–" for column in columns)])
    if len(worst_first) > _CLASSES_SHOWN:
        rows.append(
            [f"… and {len(worst_first) - _CLASSES_SHOWN:,} classes with a higher F1", "", *("" for _ in columns)]
        )
    return ["class", "pictures", *(name_of(column) for column in columns)], rows
