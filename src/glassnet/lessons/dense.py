"""Why not a fully connected network: the counts."""

from typing import Any

from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick

_SIDE, _UNITS = 4096, 100_000


def neuron(values: dict[str, Any]) -> dict[str, Any]:
    """Return the weights that ONE neuron needs which sees every number of a picture, beside those of one filter."""
    from glassnet.networks.summary import summarise

    given = Given(values, "height", "width", "channels", "kernel")
    shape = _picture(given)
    kernel = given.whole("kernel", 1, min(shape[1:]), min(3, *shape[1:]))
    whole = summarise(["flatten", {"dense": "classes", "bias": False}], shape, 1)
    filters = summarise([{"conv": 1, "kernel": kernel, "bias": False}, "global_pool", {"dense": "classes"}], shape, 1)
    return {
        "inputs": whole["flatten1"].shape[0],
        "weights": whole.parameters,
        "filter_weights": filters["conv1"].parameters,
        "filter_values": filters["conv1"].shape[1] * filters["conv1"].shape[2],
    }


def network(values: dict[str, Any]) -> dict[str, Any]:
    """Return the layers and parameters of a fully connected network with one hidden layer."""
    from glassnet.networks.summary import summarise

    given = Given(values, "height", "width", "channels", "hidden", "outputs")
    shape, hidden, outputs = _picture(given), given.whole("hidden", 1, _UNITS), given.whole("outputs", 1, _UNITS)
    found = summarise(["flatten", {"dense": hidden}, {"dense": "classes"}], shape, outputs)
    inputs = found["flatten1"].shape[0]
    return {
        "inputs": inputs,
        "rows": [{"name": row.name, "parameters": row.parameters, "output": row.output} for row in found.rows],
        "parameters": found.parameters,
        "sum": f"{inputs:,} · {hidden:,} + {hidden:,} + {outputs:,} · {hidden:,} + {outputs:,} = {found.parameters:,}",
    }


def matrices(values: dict[str, Any]) -> dict[str, Any]:
    """Return the shapes of the weight matrices of a network inputs → hidden → outputs, as [inputs × outputs] of each layer."""
    from glassnet.networks.network import build

    given = Given(values, "inputs", "hidden", "outputs")
    inputs, hidden, outputs = (given.whole(name, 1, 512) for name in ("inputs", "hidden", "outputs"))
    made = build(["flatten", {"dense": hidden}, {"dense": "classes"}], (1, 1, inputs), outputs)
    shapes = {}
    for name, words in (("dense1", "input to hidden"), ("dense2", "hidden to output")):
        weight: Any = made.steps[name].weight
        shapes[words] = list(weight.T.shape)
    return {"matrices": shapes, "parameters": sum(p.numel() for p in made.parameters())}


def _picture(given: Given) -> tuple[int, int, int]:
    return given.whole("channels", 1, 64, 3), given.whole("height", 1, _SIDE), given.whole("width", 1, _SIDE)


def _asks(explained: Any, pick: Pick) -> list[Question]:
    if explained is None:
        channels, height, width = 3, pick.one((28, 64, 200)), pick.one((28, 64, 200))
        whose = "a picture of"
    else:
        channels, height, width = explained.predictor.model.network.shape
        whose = "the pictures that your network gets,"
    hidden, outputs = pick.one((10, 50, 100)), 2 if explained is None else len(explained.predictor.classes)
    one = neuron({"height": height, "width": width, "channels": channels, "kernel": 1})
    whole = network({"height": height, "width": width, "channels": channels, "hidden": hidden, "outputs": outputs})
    without = whole["parameters"] - hidden - outputs
    known = matrices({"inputs": 8, "hidden": 5, "outputs": 1})
    return [
        Question(
            f"How many weights, without the bias, has one neuron that is connected to every number of {whose} "
            f"{height} × {width} pixels and {channels} colour{'s' * (channels != 1)}?",
            one["weights"],
            how=f"{height} × {width} × {channels} = {one['weights']:,}: a weight for each number.",
            slips=((height * width, "Each pixel has a number for every colour."),) if channels > 1 else (),
        ),
        Question(
            f"A hidden layer of {hidden} such neurons is followed by {outputs} outputs. How many parameters are there, biases included?",
            whole["parameters"],
            how=whole["sum"] + ".",
            slips=((without, "The biases are missing: one for each neuron, hidden or output."),),
        ),
        Question(
            "A network has 8 inputs, 5 hidden neurons and 1 output. Which shape, as inputs×outputs, has the matrix from input to hidden?",
            "×".join(map(str, known["matrices"]["input to hidden"])),
            how="8 inputs each have a weight to 5 hidden neurons: 8×5. From hidden to output it is 5×1.",
            slips=(
                ("5×8", "That is outputs × inputs, the way in which torch stores it."),
                ("5×1", "That is hidden to output."),
            ),
        ),
    ]


LESSON = Lesson(
    "dense",
    "Why not a fully connected network?",
    "A neuron that is connected to every pixel needs a weight for every number of the picture, so that a large picture needs millions of "
    "weights before anything is learned. A filter looks at a small window and uses the same few weights at every place.",
    {"neuron": neuron, "network": network, "matrices": matrices},
    {
        "neuron": {"height": 200, "width": 200, "channels": 3, "kernel": 3},
        "network": {"height": 50, "width": 50, "channels": 1, "hidden": 100, "outputs": 2},
        "matrices": {"inputs": 8, "hidden": 5, "outputs": 1},
    },
    _asks,
)
