"""How scores and verdicts look: plain text tables for a terminal, escaped HTML for a notebook. Knows no arithmetic."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassnet.evaluation.scores import Figure, Scores

# At most this many classes are listed, the worst first: a table of a thousand rows is read by nobody.
_CLASSES_SHOWN = 40
_UNFOLDED = 12  # rows that a notebook shows without a click
# What people ask for first, by the headline of the scores; a task with another headline shows everything.
_FIRST = {
    "accuracy": (
        "accuracy",
        "balanced_accuracy",
        "precision_macro",
        "recall_macro",
        "f1_macro",
        "roc_auc",
        "log_loss",
        "ece",
    ),
    "mean_iou": ("mean_iou", "right", "iou50", "class_accuracy", "pixel_accuracy", "mean_dice", "boundary_f1"),
    "AP50": ("AP50", "AP", "precision", "recall", "f1", "mean_f1_ious"),
}
# By which figure the classes are ranked, and so which are left out where they are too many: the first of these that they have.
_RANKING = ("iou", "mean_iou", "AP50", "AP", "f1", "recall")
_COLUMNS = 4  # figures with their intervals that fit beside a class on a terminal
_COLUMNS_FIRST = (
    "AP50",
    "AP",
    "iou",
    "mean_iou",
    "right",
    "precision",
    "recall",
    "f1",
    "boundary_f1",
    "iou50",
    "class_accuracy",
)
# Figures that are taken at the threshold in use, where a task has one.
_AT_THRESHOLD = ("precision", "recall", "f1")
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
    "mean_iou": "mean IoU",
    "iou": "IoU",
    "iou50": "IoU ≥ 0.5",
    "right": "box and class right",
    "class_accuracy": "class right",
    "centre_distance": "distance of centres",
    "dice": "Dice",
    "mean_dice": "mean Dice",
    "pixel_accuracy": "pixel accuracy",
    "mean_class_accuracy": "pixel accuracy, mean of classes",
    "boundary_f1": "boundary F1",
    "AP": "AP",
    "AP_small": "AP, small",
    "AP_medium": "AP, medium",
    "AP_large": "AP, large",
    "AR_1": "AR, 1 answer",
    "AR_10": "AR, 10 answers",
    "AR_100": "AR, 100 answers",
    "mean_f1_ious": "mean F1 over IoU",
    "dsb_score": "Data Science Bowl score",
}
# What a name stands for, where it is not what everybody learns first.
_MEANINGS = {
    "mean_iou": "mean of the overlap, intersection / union",
    "right": "IoU ≥ 0.5 and the right class",
    "iou50": "share of boxes that overlap by half",
    "class_accuracy": "wherever the box is",
    "centre_distance": "share of the picture's diagonal; 0 is best",
    "mean_dice": "twice the overlap / both areas",
    "boundary_f1": "outlines within 0.75 % of the diagonal",
    "AP": "average precision, mean over IoU 0.50 to 0.95",
    "AP50": "average precision at IoU 0.5",
    "AP75": "average precision at IoU 0.75",
    "AP_small": "things below 32 × 32 pixels",
    "AP_medium": "32 × 32 to 96 × 96 pixels",
    "AP_large": "things above 96 × 96 pixels",
    "AR_1": "average recall, 1 answer a picture",
    "AR_10": "average recall, 10 answers a picture",
    "AR_100": "average recall, 100 answers a picture",
    "mean_f1_ious": "F1 at IoU 0.50 to 0.95, averaged",
    "dsb_score": "right / (right + false + missed)",
}


def name_of(figure: str) -> str:
    """Return a figure's name as a person reads it."""
    return _NAMES.get(figure, figure.replace("_", " "))


def explained(figure: str, threshold: float | None = None) -> str:
    """Return a figure's name with what it stands for, as `AP50: average precision at IoU 0.5`; `threshold` is said where it is given."""
    name, meaning = name_of(figure), _MEANINGS.get(figure)
    at = "" if threshold is None else f" at threshold {threshold:.2f}"
    return f"{name}{at}: {meaning}" if meaning else f"{name}{at}"


def first_figures(scores: "Scores") -> tuple[str, ...]:
    """Return the names of the figures that people ask for first, in that order; all of them for a headline that is not known here."""
    known = _FIRST.get(scores.headline, tuple(scores.figures))
    return tuple(name for name in known if name in scores.figures)


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
    names = list(dict.fromkeys(name for scores in taken for name in first_figures(scores)))
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
    names = first_figures(scores) if brief else tuple(scores.figures)
    rows = [_row(_label(scores, name), scores[name]) for name in names]
    found = [(["figure", "value", "95 % interval", "n", "method"], rows)]
    found += _class_tables(scores, brief)
    if scores.trivial:
        best = max(scores.trivial, key=lambda name: scores.trivial[name].value)
        rows = [_row(name, figure) for name, figure in scores.trivial.items() if not brief or name == best]
        found.append((["trivial model", name_of(scores.headline), "95 % interval", "n", "method"], rows))
    return found


def _label(scores: "Scores", name: str) -> str:
    at = scores[name].threshold if name in _AT_THRESHOLD and scores.headline != "accuracy" else None
    return explained(name, at)


def _row(name: str, figure: "Figure") -> list[str]:
    return [name, number(figure.value), f"{number(figure.low)} – {number(figure.high)}", f"{figure.n:,}", figure.method]


def _class_tables(scores: "Scores", brief: bool) -> list[tuple[list[str], list[list[str]]]]:
    """Tables that each fit a terminal; brief: the first of them."""
    had = list(dict.fromkeys(name for row in scores.per_class.values() for name in row))
    columns = sorted(
        had, key=lambda name: _COLUMNS_FIRST.index(name) if name in _COLUMNS_FIRST else len(_COLUMNS_FIRST)
    )
    tables = -(-len(columns) // _COLUMNS)
    size = -(-len(columns) // max(1, tables))
    parts = [columns[i * size : (i + 1) * size] for i in range(tables)] or ([[]] if scores.per_class else [])
    return [_class_table(scores, part) for part in (parts[:1] if brief else parts)]


def _class_table(scores: "Scores", columns: list[str]) -> tuple[list[str], list[list[str]]]:
    rows, shown = scores.per_class, list(scores.per_class)
    by = next((name for name in _RANKING if any(name in row for row in rows.values())), "")
    if len(shown) > _CLASSES_SHOWN:
        shown = sorted(shown, key=lambda name: rows[name][by].value if by in rows[name] else 2.0)[:_CLASSES_SHOWN]
    cells = [
        [name, _pictures(scores, name), *(interval(rows[name][c]) if c in rows[name] else "–" for c in columns)]
        for name in shown
    ]
    if len(shown) < len(rows):
        rest = f"… and {len(rows) - len(shown):,} classes with a higher {name_of(by)}"
        cells.append([rest, "", *("" for _ in columns)])
    return ["class", "pictures", *map(name_of, columns)], cells


def _pictures(scores: "Scores", name: str) -> str:
    """How many pictures the figures of a class rest on; a classifier's are those whose truth it is, which its recall counts."""
    row = scores.per_class[name]
    if scores.headline == "accuracy":
        return f"{row['recall'].n:,}" if "recall" in row else "0" if "precision" in row else "–"
    return f"{max(figure.n for figure in row.values()):,}" if row else "–"
