"""Gathers what explain.html, and `--json`, show of one explained picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glassnet.errors import GlassnetError, RecipeError
from glassnet.pipeline.taught import Crop, Neighbour
from glassnet.report.glass import material as page
from glassnet.report.glass.anatomy import anatomy

if TYPE_CHECKING:
    from glassnet.explain.attribution import Attribution
    from glassnet.explain.target import Target
    from glassnet.pipeline.explained import Explained
    from glassnet.pipeline.what_if import WhatIf

_CHANNELS, _CROPS, _NEAREST = 3, 6, 12  # exciting channels of each level, crops of each; nearest pictures


@dataclass(frozen=True, eq=False)
class Parts:
    """What is looked for beside the layers: attributions of one target, crops of training pictures by layer and channel, the nearest, and
    answers to the picture changed. `notes` say in sentences what could not be had.
    """

    attributions: "list[Attribution]"
    exciting: dict[str, dict[int, list[Crop]]]
    nearest: list[Neighbour]
    changed: "list[WhatIf]"
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without pixels."""
        return {
            "attributions": [each.as_dict() for each in self.attributions],
            "exciting": [
                {"layer": layer, "channel": channel, "pictures": [each.as_dict() for each in crops]}
                for layer, of_layer in self.exciting.items()
                for channel, crops in of_layer.items()
            ],
            "nearest": [each.as_dict() for each in self.nearest],
            "what_if": [each.as_dict() for each in self.changed],
            "notes": list(self.notes),
        }


def parts_of(found: "Explained", target: "str | Target | None" = None) -> Parts:
    """Return what is shown beside the layers. `target` is what Grad-CAM and the others explain; None: what the answer is about.

    What cannot be had (the training pictures are gone, nothing was found) is said in a note. Raises RecipeError for no such target.
    """
    notes = list(found.notes)
    attributions = _attributions(found, target, notes)
    exciting, near = _taught(found, notes)
    return Parts(attributions, exciting, near, what_ifs(found), tuple(notes))


def material_of(found: "Explained", target: "str | Target | None" = None) -> page.GlassMaterial:
    """Return the material of the page; `target` and what is raised as for `parts_of`."""
    parts = parts_of(found, target)
    task = found.predictor.task
    name = found.picture.name
    shown = "picture" if name == "array" else repr(name)
    return page.GlassMaterial(
        run=found.run.name,
        picture_name=name,
        task=task.name,
        original=found.picture.original,
        said=_said(found),
        answer=lines_of(found),
        network=anatomy(found.predictor.model.network, found.seen),
        frame=found.frame,
        drawn=None if task.one_class else task.draw(found.picture.original, found.answer.answer),
        look_in_python=f"gn.load({found.run.name!r}).explain({shown}).arithmetic({{place}})",
        attributions=[
            page.Attributed(
                each.target, each.method, each.values, signed=True, sentence=each.sentence, layer=each.layer
            )
            for each in parts.attributions
        ],
        levels=[page.Level(each.title, each.layer, each.channels, each.sentence) for each in found.levels],
        exciting=[
            page.Exciting(
                layer, channel, tuple(page.Crop(each.pixels, each.key, each.label, each.value) for each in crops)
            )
            for layer, of_layer in parts.exciting.items()
            for channel, crops in of_layer.items()
            if crops
        ],
        nearest=[page.Neighbour(each.pixels, each.key, each.label, each.similarity) for each in parts.nearest],
        changed=[page.Changed(each.what, each.pixels, lines_of(each.after)) for each in parts.changed],
        notes=parts.notes,
    )


def _said(found: "Explained") -> str:
    if found.answer.probabilities is None:
        return found.answer.text()
    return f"{found.answer.label}, {100 * found.answer.answer.confidence:.1f} %"


def lines_of(found: "Explained") -> tuple[page.Answered, ...]:
    """Return the lines of the answer, best first, each with the place of its value in the network where it has one."""
    answer = found.answer.answer
    if found.answer.probabilities is not None:
        vote = found.seen.graph.vote
        number = {name: at for at, name in enumerate(found.seen.classes)}
        return tuple(
            page.Answered(name, share, (vote, number[name], None, None))
            for name, share in found.answer.probabilities.items()
        )
    if hasattr(answer, "shares"):
        return tuple(page.Answered(name, share) for name, share in answer.shares.items())
    last = found.predictor.model.network.plan[-1].name
    # The first targets are the heats of the things, in the order of the answer.
    heats = zip(answer.found, found.targets, strict=False)
    return tuple(
        page.Answered(
            target.name.rpartition(" ")[0],
            thing.confidence,
            None if target.place is None else (last, target.channel, *target.place),
        )
        for thing, target in heats
    )


def _attributions(found: "Explained", target: "str | Target | None", notes: list[str]) -> "list[Attribution]":
    if target is None and not found.targets:
        notes.append("Nothing was found in the picture, so there is nothing to explain.")
        return []
    wanted = found.target(target)
    shown = []
    for method in (found.gradcam, found.integrated_gradients, found.occlusion):
        try:
            shown.append(method(wanted))
        except RecipeError as error:  # a network without maps has no Grad-CAM
            notes.append(str(error))
    return shown


def _taught(found: "Explained", notes: list[str]) -> tuple[dict[str, dict[int, list[Crop]]], list[Neighbour]]:
    """Return what training pictures say, or nothing and a note where they are gone."""
    wanted: dict[str, Sequence[int] | None] = {level.layer: level.channels[:_CHANNELS] for level in found.levels}
    try:
        crops = found.exciting_of(wanted, _CROPS)
        near = found.nearest(_NEAREST)
        looked, every = len(found.taught.rows()), len(found.run.lock.train)
    except GlassnetError as error:
        notes.append(f"Training pictures are not shown. {error}")
        return {}, []
    if looked < every:
        notes.append(f"Of {every:,} training pictures {looked:,} were looked through for crops and neighbours.")
    return crops, near


def what_ifs(found: "Explained") -> "list[WhatIf]":
    """Return the answers to the picture changed: as was asked for, and in every way by an amount that people would hardly mind."""
    height, width = found.picture.fitted.shape[:2]
    asked: list[tuple[str, Any]] = [
        ("cover", 0.33),
        ("blur", max(1.0, round(min(height, width) / 48))),
        ("shift", (max(1, width // 8), 0)),
        ("rotate", 15),
        ("brighten", 0.2),
        ("contrast", 0.5),
    ]
    for kind, amount in asked:
        found.what_if(kind, amount)
    return found.what_ifs
