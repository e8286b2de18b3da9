"""explain.html: one file that opens from disk, asks no network, and answers from the numbers inside it."""

from pathlib import Path

from glassnet import durable
from glassnet.report.glass import sections
from glassnet.report.glass.bundle import script
from glassnet.report.glass.material import GlassMaterial
from glassnet.report.glass.packing import MOST_BYTES, page_data, plan_page
from glassnet.report.page import own, page


def glass_page(material: GlassMaterial, most: int = MOST_BYTES) -> str:
    """Return the page as text, with at most `most` bytes of values and weights in it."""
    plan = plan_page(material.network.layers, most)
    parts = [
        sections.answer(material),
        sections.glass(material, plan),
        sections.levels(material),
        sections.attributions(material),
        sections.changed(material),
        sections.exciting(material),
        sections.nearest(material),
        sections.table_of_layers(material, plan),
    ]
    name = material.picture_name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    title = f"What {material.run} saw in {name}"
    data = {"glass": page_data(material, plan)}
    return page(
        title,
        [part for part in parts if part is not None],
        data,
        own("glass/glass.css") + own("glass/script/workbench.css"),
        script(),
    )


def write_glass(material: GlassMaterial, path: str | Path, most: int = MOST_BYTES) -> Path:
    """Write the page of one explained picture and return its path; `most` as for `glass_page`.

    Raises StorageError when it cannot be written.
    """
    durable.write_text(path, glass_page(material, most))
    return Path(path)
