"""Gathers what the report shows and writes it: at the end of `train` and `eval`, and whenever `report` is asked."""

import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.data.frames import frames
from glassnet.data.labels import label_numbers
from glassnet.data.lock import read_lock
from glassnet.data.pixels import PixelSettings, decode, fit
from glassnet.data.truths import Truth, truths
from glassnet.errors import DataError, GlassnetError
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import Prepared, prepare
from glassnet.pipeline.run import Run, load
from glassnet.pipeline.varied import varied_pictures
from glassnet.recipe import Recipe
from glassnet.report.material import Data, Material, rows_shown
from glassnet.report.write import write_report
from glassnet.tasks.heat import on_original

_SHOWN = 6  # pictures as training varies them
_LONG_SIDE = 480  # pixels of a picture in the page


def report(name: str = "last", out: str | Path = "runs", observer: Observer | None = None) -> Path:
    """Write the report of a run anew and return its path. Raises DataError when its pictures changed or are gone."""
    run = load(name, out)
    prepared = prepare(run.recipe, Path(out), observer or Observer())
    return write_for(run, align(run, prepared), out)


def align(run: Run, prepared: Prepared) -> Prepared:
    """Return prepared pictures on the sides where they were in the run. Raises DataError when they changed since."""
    lock = read_lock(run.folder.lock)
    changes = lock.check(prepared.catalog, prepared.store)
    if changes:
        raise DataError(
            f"The pictures changed since {run.name} was trained: {changes}. Its scores would not be comparable."
        )
    return replace(prepared, lock=lock.align(prepared.catalog, prepared.store))


def write_for(run: Run, prepared: Prepared, out: str | Path) -> Path:
    """Write the report of a run whose pictures are at hand. Raises StorageError when it cannot be written."""
    return write_report(material_of(run, prepared, out), run.folder.report)


def material_of(run: Run, prepared: Prepared, out: str | Path) -> Material:
    """Return everything that the report of a run shows."""
    answers, heats = _shown(run, prepared)
    where = "" if str(out) == "runs" else f" --out {shlex.quote(str(out))}"
    return Material(
        name=run.name,
        folder=str(run.folder.path),
        created=run.folder.created()[:10],
        recipe=run.recipe,
        scores=run.scores,
        history=run.history,
        verdict=run.verdict,
        data=data_of(prepared, run.recipe),
        summary=run.summary(),
        choices=run.folder.read_choices(),
        environment=run.environment,
        test_opened=run.test_opened,
        reproduce=f"glassnet reproduce {run.name}{where}",
        open_test=f"glassnet eval {run.name}{where}",
        answers=answers,
        heats=heats,
    )


def _shown(run: Run, prepared: Prepared) -> tuple[dict[int, Any], dict[int, np.ndarray]]:
    """Return the answers and heat maps of the rows that the report shows; nothing for a task with one class per picture."""
    rows = sorted({row for shown in rows_shown(run.scores).values() for row in shown})
    predictor = run.predictor
    if predictor.task.one_class or not rows:
        return {}, {}
    pictures = prepared.store.pixels[np.array(rows)]
    fitted = frames(prepared.store, rows)
    sizes = [(each.height, each.width) for each in fitted]
    answered = predictor.answer([str(row) for row in rows], pictures, sizes)
    heats = predictor.heats(pictures)
    return (
        {row: each.answer for row, each in zip(rows, answered, strict=True)},
        {} if heats is None else dict(zip(rows, map(on_original, heats, fitted), strict=True)),
    )


def try_to_write(run: Run, prepared: Prepared, out: str | Path, tell: Callable[[str], None]) -> None:
    """Write the report; what keeps it from being written is told, and costs neither the run nor its scores."""
    try:
        write_for(run, prepared, out)
    except Exception as error:  # whatever it is: hours of training must not end in a traceback because of a page
        fault = str(error) if isinstance(error, GlassnetError) else f"{type(error).__name__}: {error}"
        tell(f"The report could not be written, everything else is there. `glassnet report` tries again. {fault}")


def data_of(prepared: Prepared, recipe: Recipe, shown: int = _SHOWN) -> Data:
    """Return what a page says about the pictures, with `shown` of them as training by this resolved recipe varies them."""
    pixels = prepared.store.pixels

    def picture(row: int) -> np.ndarray:
        return np.asarray(pixels[row])

    varied, said = varied_pictures(prepared, recipe, shown) if shown else ((), "")
    catalog = prepared.catalog
    return Data(
        root=catalog.root,
        layout=catalog.layout,
        classes=catalog.classes,
        keys=[example.key for example in catalog.examples],
        labels=label_numbers(catalog),
        picture=picture,
        audit=prepared.audit,
        lock=prepared.lock,
        varied=varied,
        varies=said,
        refused=tuple((file.key, file.reason) for file in catalog.quarantined),
        skipped=catalog.skipped,
        task=catalog.task,
        original=partial(_original, prepared),
        truth=partial(_truth, prepared),
    )


def _original(prepared: Prepared, row: int) -> np.ndarray:
    """Return the upright picture of a row as it came, uint8 (H, W, 3), shrunk to at most 480 pixels on its longer side."""
    catalog = prepared.catalog
    pixels = decode(catalog.source.read(catalog.examples[row].key), prepared.pixels.max_pixels)
    height, width = pixels.shape[:2]
    factor = min(1.0, _LONG_SIDE / max(height, width))
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    return fit(pixels, PixelSettings(*size, fit="stretch", color="rgb"))


def _truth(prepared: Prepared, row: int) -> Truth | None:
    try:
        return truths(prepared.catalog, prepared.store, [row])[0]
    except DataError:
        return None
