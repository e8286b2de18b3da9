"""The two pages: the report of a run and the audit of a folder."""

from pathlib import Path

from glassnet import durable
from glassnet.report.material import Data, Material
from glassnet.report.page import page
from glassnet.report.sections import (
    audit,
    augment,
    calibration,
    confusion,
    curves,
    errors,
    headline,
    how,
    mistakes,
    mosaic,
    network,
    scores,
)


def write_report(material: Material, path: str | Path) -> Path:
    """Write the report of a run as one HTML file and return its path. Raises StorageError when it cannot be written."""
    of_run = (headline, mosaic, curves, scores, errors, confusion, mistakes, calibration)
    sections = [part.section(material) for part in of_run]
    sections += [
        audit.section(material.data),
        augment.section(material.data),
        network.section(material),
        how.section(material),
    ]
    whole = page(material.name, [part for part in sections if part is not None], confusion.pictures(material))
    durable.write_text(path, whole)
    return Path(path)


def write_audit(data: Data, path: str | Path) -> Path:
    """Write the audit of a data set as one HTML file and return its path. Raises StorageError when it cannot be written."""
    sections = [audit.section(data), augment.section(data)]
    name = data.root.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or data.root
    durable.write_text(path, page(f"Audit of {name}", [part for part in sections if part is not None]))
    return Path(path)
