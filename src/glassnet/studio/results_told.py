"""What the page Results is told of a run: the scores of every split that may be shown, with the names that a person reads."""

from typing import TYPE_CHECKING, Any

from glassnet.studio import pictures as drawing

if TYPE_CHECKING:
    from glassnet.evaluation.scores import Figure, Scores
    from glassnet.studio.results import Judged

_MATRIX = 30  # classes up to which the whole matrix is shown
_PAIRS = 40  # beyond that, the most confused pairs
_LEAST = 0.005  # share of a class's pixels from which a cell has a number


def told(judged: "Judged") -> dict[str, Any]:
    """Return plain JSON values. `splits` has the main one first: test once it was opened, else validation."""
    from glassnet.report.material import main_split

    run, splits = judged.run, judged.splits
    main = main_split(splits)
    keys = run.lock.keys
    return {
        "main": main,
        "splits": {split: _split(splits[split], keys) for split in sorted(splits, key=lambda name: name != main)},
        "classes": list(run.lock.classes),
        "colours": _colours(run.lock.classes),
        "verdict": run.verdict,
        "epochs": len(run.history),
        "best_epoch": run.verdict.get("numbers", {}).get("best_epoch"),
    }


def _split(scores: "Scores", keys: tuple[str, ...]) -> dict[str, Any]:
    from glassnet.evaluation.show import explained, first_figures, name_of

    tables = scores.tables
    first = first_figures(scores)
    columns = list(dict.fromkeys(name for row in scores.per_class.values() for name in row))
    main = scores.figures.get(scores.headline)
    return {
        "task": scores.task,
        "headline": None if main is None else {"name": name_of(scores.headline), **_figure(main)},
        "headline_name": name_of(scores.headline),
        "figures": [
            {"name": explained(name, figure.threshold), "first": name in first, **_figure(figure)}
            for name, figure in scores.figures.items()
        ],
        "trivial": [{"name": name, **_figure(figure)} for name, figure in scores.trivial.items()],
        "columns": [name_of(name) for name in columns],
        "per_class": [
            {
                "name": name,
                "n": row["recall"].n if "recall" in row and scores.task == "classify" else None,
                "figures": [_figure(row[column]) if column in row else None for column in columns],
            }
            for name, row in scores.per_class.items()
        ],
        "warnings": list(scores.warnings),
        "leaks": tables.get("leaks", {}).get("sentence", ""),
        "confusion": _confusion(tables.get("confusion")),
        "reliability": tables.get("reliability"),
        "pictures": _pictures(tables, keys),
        "errors": tables.get("errors"),
        "exclusive": "precision_recall" not in tables,
        "curves": _curves(scores),
        "threshold": tables.get("threshold"),
    }


def _figure(figure: "Figure") -> dict[str, Any]:
    return {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n, "method": figure.method}


def _confusion(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the matrix with the pictures of each cell; of many classes the most confused pairs instead."""
    if not found:
        return None
    counts, pixels = found["counts"], found.get("unit") == "pixels"
    totals = [sum(row) for row in counts]
    cells = [
        {"truth": t, "answer": a, "n": counts[t][a], "total": totals[t], "numbers": rows}
        for t, a, rows in found["cells"]
        if not pixels or (t != a and counts[t][a] >= _LEAST * totals[t])
    ]
    if len(found["classes"]) <= _MATRIX:
        return {"unit": "pixels" if pixels else "pictures", "counts": counts, "cells": cells}
    wrong = sorted((one for one in cells if one["truth"] != one["answer"]), key=lambda one: -one["n"])
    return {"unit": "pixels" if pixels else "pictures", "counts": None, "cells": wrong[:_PAIRS]}


def _pictures(tables: dict[str, Any], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return every picture that the tables rank, the most wrong first, with what is said of it in words."""
    from glassnet.report.beside import said

    detailed = {one["row"]: one for one in tables.get("pictures") or ()}
    found = []
    for one in tables.get("worst") or ():
        number = one["row"]
        about = {"number": number, "name": drawing.short(keys[number]), "key": keys[number]}
        if "score" in one:
            more = detailed.get(number, {})
            things = more["found"] + len(more["missed_things"]) if more else None
            found.append(about | {"score": one["score"], "said": said({**one, **more}), "things": things})
        else:
            found.append(about | {name: one[name] for name in ("truth", "answer", "confidence", "loss")})
    return found


def _curves(scores: "Scores") -> list[dict[str, Any]]:
    """Return precision over recall of each class with things, the lowest average precision first."""
    curves = scores.tables.get("precision_recall") or {}
    found = [
        {
            "name": name,
            "ap": scores.per_class[name]["AP50"].value if "AP50" in scores.per_class.get(name, {}) else None,
            **curve,
        }
        for name, curve in curves.items()
        if curve["recall"]
    ]
    return sorted(found, key=lambda one: 2.0 if one["ap"] is None else one["ap"])


def _colours(classes: tuple[str, ...]) -> dict[str, list[int]]:
    from glassnet.data.catalog import BACKGROUND
    from glassnet.tasks.palette import colour_of

    return {name: list(colour_of(number)) for number, name in enumerate(classes) if name != BACKGROUND}
