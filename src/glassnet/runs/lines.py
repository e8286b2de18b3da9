"""Between the ledger's tables and `Row`: every statement that reads or writes a whole row stands here."""

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from glassnet.runs.names import network_name
from glassnet.runs.rows import Row, ScoreRow, settings_of
from glassnet.runs.schema import RUNS, SCORES

if TYPE_CHECKING:
    from glassnet.evaluation.scores import Figure, Scores
    from glassnet.recipe import Recipe


def read(connection: Connection, chosen: Any) -> list[Row]:
    """Return the rows that a select over RUNS gives, with their scores."""
    from glassnet.evaluation.scores import Figure

    plain: list[dict[str, Any]] = [dict(row._mapping) for row in connection.execute(chosen)]
    wanted = {row["id"] for row in plain}
    lines = select(SCORES)
    if len(wanted) < 100:  # a short list of numbers is faster than reading every score
        lines = lines.where(SCORES.c.run.in_(wanted))
    scores: dict[int, list[ScoreRow]] = {}
    for s in connection.execute(lines) if wanted else ():
        figure = Figure(s.value, s.low, s.high, s.n, s.split, s.method, s.threshold)
        scores.setdefault(s.run, []).append(ScoreRow(figure, s.split, s.kind, s.of, s.name, bool(s.headline)))
    for row in plain:
        ordered = sorted(
            scores.get(row["id"], ()), key=_order
        )  # here, because every database sorts text in its own way
        chosen = row.pop("combination_values")
        row |= {"settings": json.loads(row["settings"]), "scores": tuple(ordered), "chosen": json.loads(chosen or "{}")}
    return [Row(**row) for row in plain]


def put_scores(connection: Connection, run: int, scores: tuple["Scores", ...]) -> None:
    """Write every figure of these splits in place of earlier ones."""
    for one in scores:
        connection.execute(SCORES.delete().where((SCORES.c.run == run) & (SCORES.c.split == one.split)))
        lines = [_line(run, one.split, "figure", "", name, f, name == one.headline) for name, f in one.figures.items()]
        for label, figures in one.per_class.items():
            lines += [_line(run, one.split, "class", label, name, f) for name, f in figures.items()]
        lines += [_line(run, one.split, "trivial", name, one.headline, f) for name, f in one.trivial.items()]
        if lines:
            connection.execute(SCORES.insert(), lines)


def insert(connection: Connection, row: Row, number: int | None) -> int:
    """Write a row as it is, under `number` or under the next free one, and return its number."""
    kept = {} if number is None else {"id": number}
    made = add_run(connection, kept | _columns(row))
    _put_lines(connection, made, row)
    return made


def overwrite(connection: Connection, number: int, row: Row) -> None:
    """Write a row as it is over the one that has `number`, with its scores in place of earlier ones."""
    connection.execute(RUNS.update().where(RUNS.c.id == number).values(**_columns(row)))
    connection.execute(SCORES.delete().where(SCORES.c.run == number))
    _put_lines(connection, number, row)


def add_run(connection: Connection, values: dict[str, Any]) -> int:
    """Put a line into RUNS and return its number."""
    made = connection.execute(RUNS.insert().values(**values)).inserted_primary_key
    assert made is not None  # RUNS has a key of one column
    return int(made[0])


def of_recipe(recipe: "Recipe") -> dict[str, Any]:
    """Return the columns that a recipe fills."""
    known = {"task": recipe.data.task, "epochs_planned": recipe.train.epochs}
    return {
        "settings": as_json(settings_of(recipe)),
        "seed": recipe.train.seed,
        "network": network_name(recipe.network),
        **{column: value for column, value in known.items() if value is not None},
    }


def _columns(row: Row) -> dict[str, Any]:
    plain = row.as_dict()
    del plain["scores"], plain["id"], plain["chosen"]
    return plain | {
        "settings": as_json(row.settings),
        "combination_values": as_json(row.chosen) if row.chosen else None,
    }


def _put_lines(connection: Connection, number: int, row: Row) -> None:
    lines = [_line(number, s.split, s.kind, s.of, s.name, s.figure, s.headline) for s in row.scores]
    if lines:
        connection.execute(SCORES.insert(), lines)


def _order(score: ScoreRow) -> tuple[str, ...]:
    return (score.split, score.kind, score.of, score.name)


def _line(
    run: int, split: str, kind: str, of: str, name: str, figure: "Figure", headline: bool = False
) -> dict[str, Any]:
    plain = figure.as_dict() | {"split": split}
    return {"run": run, "kind": kind, "of": of, "name": name, "headline": int(headline), **plain}


def as_json(value: Any) -> str:
    """Return strict JSON: no NaN, no infinity."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
