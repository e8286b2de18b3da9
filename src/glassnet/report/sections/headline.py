"""First what matters: the score with its interval beside what needs no network, the verdict, how often the test set was opened."""

from glassnet.evaluation.scores import Figure, Scores
from glassnet.evaluation.show import name_of, number
from glassnet.report.markup import Markup, prose, tag
from glassnet.report.material import Material
from glassnet.report.page import Section
from glassnet.runs.names import network_name


def section(material: Material) -> Section:
    """Return the cards, the verdict and the warnings."""
    split = material.main_split
    cards = [_score(material, split), _sealed(material)] if split else [_none(), _sealed(material)]
    parts: list[Markup | None] = [tag("div", cards, cls="head")]
    if split:
        warnings = material.scores[split].warnings
        parts += [tag("p", tag("strong", "Warning. "), prose(line), cls="warning") for line in warnings]
    parts.append(_verdict(material))
    lead = (
        f"Trained {material.created} on {material.data.root} with the network {network_name(material.recipe.network)}."
    )
    return Section("result", "Result", lead, tag("div", parts))


def _score(material: Material, split: str) -> Markup:
    scores = material.scores[split]
    main = scores.figures.get(scores.headline)
    if main is None:
        return tag("div", tag("p", f"The {name_of(scores.headline)} could not be taken on {split}."), cls="card")
    parts = [
        tag("p", _started(f"{name_of(scores.headline)} on {_called(split)}")),
        tag("p", number(main.value), cls="big"),
        tag("p", f"between {number(main.low)} and {number(main.high)} with 95 % confidence, from {main.n:,} pictures"),
    ]
    best = best_trivial(scores)
    if best is not None:
        parts.append(tag("p", f"Without any network: {number(best[1].value)} ({best[0]})", cls="note"))
    return tag("div", parts, cls="card")


def _sealed(material: Material) -> Markup:
    lock = material.data.lock
    pictures = 0 if lock is None else int(lock.test.size)
    if not pictures:
        said = [
            tag("p", "No test set"),
            tag("p", "No pictures were set aside, so there is no score that training could not lean on."),
        ]
    elif material.test_opened:
        times = "once" if material.test_opened == 1 else f"{material.test_opened} times"
        said = [tag("p", f"The test set, {pictures:,} pictures that training never saw, was opened {times}.")]
        if material.test_opened > 1:
            said.append(tag("p", "Every look after the first makes its score a little less honest.", cls="note"))
    else:
        said = [
            tag(
                "p",
                f"The test set is sealed: {pictures:,} pictures that nothing has seen. Open it when you are done choosing:",
            ),
            tag("pre", material.open_test),
        ]
    epochs = len(material.history)
    if material.main_split == "validation" and epochs > 1:
        said.append(
            tag(
                "p",
                f"Validation chose the best of {epochs} epochs, so its score flatters a little; the test set's will not.",
                cls="note",
            )
        )
    return tag("div", said, cls="card")


def _none() -> Markup:
    return tag(
        "div",
        tag("p", "No score yet"),
        tag("p", "This run has no validation pictures and its test set is sealed."),
        cls="card",
    )


def _verdict(material: Material) -> Markup | None:
    found = material.verdict
    if not found:
        return None
    parts = [tag("p", tag("strong", f"{found['kind'].capitalize()}. "), prose(" ".join(found["sentences"])))]
    if found.get("next_step"):
        what, _, command = found["next_step"].partition(": ")
        parts.append(tag("p", f"Next: {what}", ": " if command else "", tag("code", command) if command else None))
    return tag("div", parts, cls="verdict good" if found["kind"] == "balanced" else "verdict")


def best_trivial(scores: Scores) -> tuple[str, Figure] | None:
    """Return the trivial model that comes highest, with its figure."""
    return max(scores.trivial.items(), key=lambda item: item[1].value, default=None)


def _started(sentence: str) -> str:
    """Return the sentence with a capital at its start and all others as they are: AP50 is no Ap50."""
    return sentence[:1].upper() + sentence[1:]


def _called(split: str) -> str:
    return {"test": "the test set", "validation": "the validation set"}.get(split, split)
