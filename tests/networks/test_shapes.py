"""What is worked out without running a network, against what torch does."""
# ruff: noqa: E501  one refused list and its sentence to a line

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from glassnet.errors import RecipeError
from glassnet.networks.layers import parse
from glassnet.networks.network import build
from glassnet.networks.shapes import MOST_WEIGHTS, plan, trunk
from glassnet.networks.summary import summarise

small = st.integers(1, 3)
pairs = small | st.tuples(small, small).map(list)
paddings = st.sampled_from(["valid", "same", 0, 1, 2]) | st.tuples(st.integers(0, 2), st.integers(0, 2)).map(list)
convs = st.fixed_dictionaries(
    {"conv": st.sampled_from([2, 4]), "kernel": pairs, "stride": pairs, "padding": paddings, "dilation": pairs},
    optional={
        "bias": st.booleans(),
        "groups": st.sampled_from([1, 2]),
        "activation": st.sampled_from(["relu", "tanh"]),
    },
)
depthwise = st.fixed_dictionaries({"depthwise": pairs, "padding": paddings, "multiplier": st.sampled_from([1, 2])})
pools = st.builds(
    lambda word, size, stride, ceil, pad: {word: size, "stride": stride, "ceil": ceil, "padding": size // 2 if pad else 0},
    st.sampled_from(["maxpool", "avgpool"]), small, small, st.booleans(), st.booleans(),
)  # fmt: skip
ups = st.fixed_dictionaries({"upsample": small, "mode": st.sampled_from(["nearest", "bilinear"])})
plain = st.sampled_from(["batch_norm", "relu", "gelu", {"scale": 0.5}, {"leaky_relu": {}, "slope": 0.2}])
residuals = st.lists(convs | plain, min_size=1, max_size=2).map(lambda inner: {"residual": inner})
map_layers = st.one_of(convs, depthwise, pools, ups, plain, residuals)
heads = st.sampled_from(
    [
        ["flatten", {"dense": "classes"}],
        [{"global_pool": "avg"}, {"dense": 3}, "batch_norm", {"dense": "classes"}],
        [{"global_pool": "max"}, {"dense": "classes"}],
    ]
)
slow = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def planned(layers, shape, classes=3):
    try:
        return plan(parse(layers), shape, classes)
    except RecipeError:
        return None


@slow
@given(st.lists(map_layers, min_size=1, max_size=5), heads, st.integers(4, 13), st.integers(4, 13))
def test_shapes_parameters_and_multiply_adds_are_torchs(body, head, height, width):
    layers = [*body, *head]
    steps = planned(layers, (2, height, width))
    assume(steps is not None)
    network = build(layers, (2, height, width), 3, seed=1).eval()
    made = network.activations(torch.rand(2, 2, height, width))
    summary = summarise(layers, (2, height, width), 3)
    assert [row.name for row in summary.rows] == list(made)
    for row in summary.rows:
        assert row.shape == tuple(made[row.name].shape[1:]), row
        module = network.steps[row.name]
        assert row.parameters == sum(p.numel() for p in module.parameters()), row
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            assert row.multiply_adds == made[row.name][0].numel() * module.weight[0].numel()
    assert summary.parameters == sum(p.numel() for p in network.parameters())
    floats = sum(b.numel() for b in network.buffers() if b.is_floating_point() and b.ndim)
    assert floats == sum(step.buffers for step in steps)


def all_positive(layer):
    """The layer with the same window, but passing gradients to all of it: max pooling passes one to a single place only."""
    if not isinstance(layer, dict) or set(layer) & {"leaky_relu", "scale", "batch_norm"}:
        return "batch_norm"
    if "residual" in layer:
        return {"residual": [all_positive(each) for each in layer["residual"]]}
    return {"avgpool" if key == "maxpool" else key: value for key, value in layer.items() if key != "activation"}


def seen_by_gradient(steps_list, shape, y, x):
    """The rows and columns of the picture that have a gradient from the value at (y, x) of the last map, all weights positive."""
    network = build([*steps_list, "flatten", {"dense": "classes"}], shape, 3).double().eval()
    with torch.no_grad():
        for p in network.parameters():
            p.uniform_(0.1, 1.0)
    picture = torch.rand(1, *shape, dtype=torch.float64, requires_grad=True)
    network.features(picture)[0, :, y, x].sum().backward()
    touched = picture.grad[0].abs().sum(0) > 0
    rows, columns = touched.any(1).nonzero(), touched.any(0).nonzero()
    return rows.min().item(), columns.min().item(), rows.max().item() + 1, columns.max().item() + 1


@slow
@given(
    st.lists(st.one_of(convs, depthwise, pools, ups, residuals), min_size=1, max_size=4),
    st.integers(4, 12),
    st.integers(4, 12),
    st.data(),
)
def test_receptive_fields_are_exactly_where_gradients_reach(body, height, width, data):
    body = [all_positive(layer) for layer in body]
    shape = (2, height, width)
    steps = planned([*body, "flatten", {"dense": "classes"}], shape)
    assume(steps is not None)
    last = steps[-3]
    y, x = data.draw(st.integers(0, last.after[1] - 1)), data.draw(st.integers(0, last.after[2] - 1))
    top, left, bottom, right = last.fields.window(y, x)
    assert (top, left, bottom, right) == seen_by_gradient(body, shape, y, x)


def test_dense_layers_see_what_their_inputs_see():
    steps = plan(parse([{"conv": 2, "kernel": 3, "stride": 2}, "flatten", {"dense": "classes"}]), (1, 8, 8), 2)
    assert steps[-1].fields.window(0, 0) == (0, 0, 7, 7), "stride 2 leaves the last row and column of eight unseen"


@pytest.mark.parametrize(
    ("layers", "shape", "sentence"),
    [
        ([{"maxpool": 2}, {"maxpool": 2}, {"conv": 4}], (3, 8, 8), r"Layer 3 \(conv1\): a 3×3 window does not fit a 2×2 map. Drop a pooling before it, set padding: same"),
        ([{"conv": 4, "kernel": 3, "dilation": 4}], (3, 8, 8), r"a 3×3 window with dilation 4×4 does not fit a 8×8 map"),
        ([{"conv": 4, "kernel": 1, "padding": 1}], (3, 8, 8), r"with this padding a 1×1 window on a 8×8 map sees nothing but padding"),
        ([{"maxpool": 9}], (3, 8, 8), r"9×9 window does not fit a 8×8 map. .* set ceil: true"),
        ([{"conv": 4}, {"dense": "classes"}], (3, 8, 8), r"Layer 2 \(dense1\) reads a row of values, and 6×6×4 is a map. Put flatten or global_pool before it"),
        (["flatten", {"conv": 4}], (3, 8, 8), r"Layer 2 \(conv1\) reads a map, and 192 is a row"),
        ([{"conv": 4, "name": "eye"}], (3, 8, 8), r"Layer 1 \(eye\), gives 6×6×4, and 2 classes need a row of 2 values. End the list with flatten"),
        (["flatten", {"dense": 7}], (3, 8, 8), r"gives 7, and 2 classes need .* End the list with \{dense: classes\}"),
        ([{"conv": 4, "groups": 2}], (3, 8, 8), r"groups 2 must divide both the 3 channels that come in and the 4 filters"),
        ([{"maxpool": 2, "padding": 2}], (3, 8, 8), r"more than half"),
        ([{"residual": [{"conv": 4}]}], (3, 8, 8), r"turn 8×8×3 into 6×6×4, and no 1×1 convolution does that"),
        ([{"residual": [{"conv": 4, "padding": 1}], "shortcut": ["relu"]}], (3, 8, 8), r"the inner layers give 8×8×4 and the shortcut 8×8×3"),
        ([{"conv": 60, "initial": "whiten"}], (3, 8, 8), r"has 27 directions: filters must be even and at most 54, got 60"),
        ([{"standardize": {}, "mean": [0.5], "std": [0.5]}], (3, 8, 8), r"mean has 1 numbers, and 8×8×3 has 3 channels"),
        ([{"standardize": {}, "mean": [0.5] * 3}], (3, 8, 8), r"give both mean and std, or neither"),
        (["flatten", {"dense": 1_000_000}, {"dense": "classes"}], (3, 512, 512), r"786,434,000,000 weights|786,43\d,\d{3},\d{3} weights"),
        ([{"upsample": 64}, {"upsample": 64}, {"upsample": 64}], (3, 8, 8), r"too large to compute"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_explained(layers, shape, sentence):
    with pytest.raises(RecipeError, match=sentence):
        plan(parse(layers), shape, 2)


def test_same_padding_is_kerass():
    # Keras pads an even window's odd pixel at the end: with stride 2 on 5 pixels, windows begin at −1, 1, 3 for kernel 3.
    steps = plan(parse([{"conv": 1, "kernel": 4, "padding": "same"}, "flatten", {"dense": "classes"}]), (1, 5, 5), 2)
    assert steps[0].padding == (1, 2, 1, 2) and steps[0].after == (1, 5, 5)
    steps = plan(
        parse([{"conv": 1, "kernel": 3, "stride": 2, "padding": "same"}, "flatten", {"dense": "classes"}]), (1, 6, 6), 2
    )
    assert steps[0].padding == (0, 1, 0, 1) and steps[0].after == (1, 3, 3)


def test_a_trunk_need_not_end_in_classes():
    assert trunk(parse([{"conv": 4}]), (3, 8, 8), 2)[-1].after == (4, 6, 6)
    assert MOST_WEIGHTS * 4 < 2**32


def test_summary_shows_itself(every_word):
    summary = summarise(every_word, (3, 16, 16), 4)
    text = str(summary)
    assert text.splitlines()[0].split() == ["layer", "output", "parameters", "sees", "multiply-adds"]
    assert f"{summary.parameters:,} parameters (216 frozen)" in text
    assert summary.parameters == sum(row.parameters for row in summary.rows)
    assert summary.multiply_adds == sum(row.multiply_adds for row in summary.rows)
    assert summary._repr_html_().count("<tr>") == len(summary.rows) + 1
    assert summary.as_dict()["rows"][1]["receptive_field"] == [3, 3]
