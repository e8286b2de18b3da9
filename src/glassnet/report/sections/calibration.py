"""Whether a confidence of 80 % means right in 80 of 100."""

from glassnet.evaluation.show import interval
from glassnet.report.charts import reliability
from glassnet.report.markup import tag
from glassnet.report.material import Material
from glassnet.report.page import Section, table


def section(material: Material) -> Section | None:
    """Return the reliability diagram of the main split, after temperature scaling, or None without one."""
    split = material.main_split
    scores = material.scores[split] if split else None
    found = scores.tables.get("reliability") if scores else None
    if scores is None or not found:
        return None
    temperature = found["temperature"]
    parts = [reliability("Reliability diagram", found["bins"])]
    said = f"The outputs are divided by a temperature of {temperature:.2f}, fitted on the validation set"
    if temperature == 1:
        said = "The outputs are taken as they are (temperature 1)"
    elif f"{temperature:.2f}" == "1.00":
        said += ", which changes next to nothing: the network was as sure as it had reason to be"
    elif temperature < 1:
        said += ": the network was less sure than it had reason to be"
    else:
        said += ": the network was surer than it had reason to be"
    parts.append(tag("p", said + " (Guo et al., 2017)."))
    figures = [
        f"{name}: {interval(scores.figures[key])}"
        for key, name in (("ece", "calibration error"), ("ece_uncalibrated", "before"))
        if key in scores.figures
    ]
    if figures:
        parts.append(tag("p", "; ".join(figures) + "."))
    rows = [
        (
            f"{b['low']:.2f} – {b['high']:.2f}",
            f"{b['n']:,}",
            f"{b['confidence']:.3f}",
            f"{b['accuracy']:.3f} [{b['accuracy_low']:.3f}, {b['accuracy_high']:.3f}]",
        )
        for b in found["bins"]
    ]
    values = table(("confidence", "pictures", "mean confidence", "share right"), rows)
    parts.append(tag("details", tag("summary", "All values"), values))
    lead = "Bars are the share of right answers among answers of a confidence; on the dotted line both agree. Whiskers: 95 % intervals."
    return Section("confidence", "Can its confidence be trusted?", lead, tag("div", parts))
