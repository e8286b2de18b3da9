"""The worst mistakes: where the network was surest of a wrong answer. Often the label is what is wrong."""

from glassnet.report.markup import tag
from glassnet.report.material import Material
from glassnet.report.page import Section
from glassnet.report.pictures import figure, file_name, grid

_SHOWN = 24


def section(material: Material) -> Section | None:
    """Return the pictures with truth, answer and confidence, or None where nothing was wrong."""
    split = material.main_split
    worst = (material.scores[split].tables.get("worst") or [])[:_SHOWN] if split else []
    if not worst or "loss" not in worst[0]:  # other tasks show truth beside answer
        return None
    figures = []
    for found in worst:
        caption = tag(
            "span",
            tag("strong", found["answer"]),
            f" {found['confidence']:.0%}, truth: {found['truth']}",
            tag("br"),
            file_name(material.data.keys[found["row"]]),
        )
        alt = f"{found['truth']} taken for {found['answer']}"
        figures.append(figure(material.data.picture(found["row"]), caption, alt))
    lead = "The network's answer and how sure it was, then the label of the picture. Sometimes it is the label that is wrong."
    return Section("mistakes", "Worst mistakes", lead, grid(figures))
