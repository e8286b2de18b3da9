"""Softmax: from scores to shares that add up to one."""

import math
from typing import Any

import numpy as np

from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import few, listed
from glassnet.lessons.worked import worked


def softmax(values: dict[str, Any]) -> dict[str, Any]:
    """Return the shares that softmax makes of logits, each with its exponential; `temperature` divides the logits first."""
    given = Given(values, "logits", "temperature", "classes")
    logits = given.numbers("logits", 2, 20, -80, 80)
    names = (
        given.names("classes", len(logits), len(logits))
        if given.has("classes")
        else [str(i) for i in range(len(logits))]
    )
    temperature = given.number("temperature", 0.05, 100, 1)
    if max(abs(each) for each in logits) / temperature > 300:
        from glassnet.errors import RecipeError

        raise RecipeError(
            "These logits divided by the temperature are too large to be shown as numbers. Take a higher temperature."
        )
    layers = ["flatten", {"dense": "classes", "bias": False}]
    done = worked(
        layers, np.array(logits)[:, None, None], {"dense1": np.eye(len(logits))}, classes=names, temperature=temperature
    )
    opened = [done.open("softmax", at) for at in range(len(logits))]
    return {
        "classes": names,
        "logits": logits,
        "exponentials": [term.product for term in opened[0].terms],
        "total": opened[0].total,
        "shares": [each.result for each in opened],
        "sum": math.fsum(each.result for each in opened),
        "answer": names[int(np.argmax(logits))],
        "text": opened[int(np.argmax(logits))].text(all=True),
    }


def _asks(explained: Any, pick: Pick) -> list[Question]:
    own = {} if explained is None else _own(explained)
    if not own:
        logits, names, temperature, whose = (
            [pick.tenths(-1, 3) for _ in range(3)],
            ["cat", "dog", "bird"],
            1.0,
            "A network answers",
        )
    else:
        logits, names = own["softmax"]["logits"][:3], own["softmax"]["classes"][:3]
        temperature, whose = 1.0, "The largest logits of your network for this picture are"
    made = softmax({"logits": logits, "classes": names, "temperature": temperature})
    at = pick.whole(0, len(logits) - 1)
    least, most = sorted(made["shares"])[0], sorted(made["shares"])[-1]
    told = ", ".join(f"{name} {few(value)}" for name, value in zip(names, logits, strict=True))
    exponentials = listed(made["exponentials"])
    raised = softmax({"logits": [each + 5 for each in logits]})["shares"][at]
    return [
        Question(
            f"{whose} {told}. Over these {len(logits)} alone, what share does softmax give to {names[at]}? (2 decimals)",
            made["shares"][at],
            0.006,
            how=f"With the largest logit taken away, which changes no share, the exponentials are {exponentials}, together "
            f"{few(made['total'])}; "
            f"{few(made['exponentials'][at])} ÷ {few(made['total'])} = {made['shares'][at]:.3f}.",
            slips=((made["exponentials"][at], "Divide by the sum of all exponentials."),)
            if abs(made["exponentials"][at] - made["shares"][at]) > 0.02
            else (),
        ),
        Question(
            "What do the shares of all classes add up to?",
            round(made["sum"], 9),
            how="Each is its exponential divided by the sum of all, so that together they are 1.",
            slips=((100, "As a number, not in per cent."),),
        ),
        Question(
            f"5 is added to every logit. What is the share of {names[at]} now? (2 decimals)",
            raised,
            0.006,
            how="All exponentials grow by the same factor, which falls out when they are divided: only differences between logits count.",
        ),
        *(
            [
                Question(
                    "The logits are divided by a temperature of 2. Does the largest share grow or shrink?",
                    "shrink",
                    how=f"The differences become smaller, so the shares move together; now they lie between {least:.2f} and {most:.2f}.",
                    choices=("grow", "shrink"),
                )
            ]
            if most - least > 0.02
            else []
        ),
    ]


def _own(explained: Any) -> dict[str, dict[str, Any]]:
    """The largest logits of the network for the picture, at most six, the largest first."""
    vote = explained.seen.graph.nodes.get(explained.seen.graph.vote)
    if vote is None:
        return {}
    found = explained.seen[vote.sources[0]].values.astype(float)
    order = np.argsort(-found, kind="stable")[:6]
    logits = [max(-60.0, min(60.0, round(float(found[at]), 2))) for at in order]
    names = [explained.seen.classes[at] for at in order]
    return {"softmax": {"logits": logits, "classes": names, "temperature": 1}}


LESSON = Lesson(
    "softmax",
    "Softmax",
    "Softmax turns the scores of the last layer (logits) into shares: the exponential of each, divided by the sum of all. The "
    "shares add up to 1 and keep the order of the scores; how sure the network really may be is a question of calibration, "
    "which a temperature answers.",
    {"softmax": softmax},
    {"softmax": {"logits": [2.0, 1.0, 0.1], "classes": ["cat", "dog", "bird"], "temperature": 1}},
    _asks,
    _own,
)
