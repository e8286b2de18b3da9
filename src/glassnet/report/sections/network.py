"""The network: the table of its layers."""

from glassnet.report.material import Material
from glassnet.report.page import Section, table


def section(material: Material) -> Section:
    """Return layer, output, parameters, receptive field and multiply-adds."""
    found = material.summary
    rows = [
        (
            "  " * row.depth + row.name,
            row.output,
            f"{row.parameters:,}",
            _field(row.receptive_field),
            f"{row.multiply_adds:,}",
        )
        for row in found.rows
    ]
    rows.append(("all", "", f"{found.parameters:,}", "", f"{found.multiply_adds:,}"))
    channels, height, width = found.shape
    last = found.rows[-1].shape
    out = (
        f"{last[0]} numbers for each of {last[1]}×{last[2]} places come"
        if len(last) == 3
        else "one number per class comes"
    )
    lead = (
        f"Pictures of {height}×{width} pixels with {channels} channel{'s' if channels > 1 else ''} go in, {out} out. "
        "The receptive field is how much of the picture one value can see."
    )
    return Section(
        "network", "The network", lead, table(("layer", "output", "parameters", "sees", "multiply-adds"), rows)
    )


def _field(pair: tuple[int, int]) -> str:
    return f"{pair[0]}×{pair[1]}"
