"""What is explained: a number of the network's outputs that is the answer's own, for every task, and the names people ask by."""

import json

import numpy as np
import pytest
import torch
from tests.explain.asked import CLASSES, TASKS, asked

from glassnet.data.frames import frame
from glassnet.data.pixels import PixelSettings
from glassnet.errors import RecipeError
from glassnet.explain.attribution import outcome, undisturbed
from glassnet.explain.targets import target, targets
from glassnet.tasks import centres


@pytest.mark.parametrize("views", ["one", "mirror"])
@pytest.mark.parametrize("name", TASKS)
def test_every_target_has_the_value_that_the_network_gives_the_picture(name, views):
    case = asked(name, views=views)
    found = case.targets()
    assert len({each.name for each in found}) == len(found) >= 3
    with undisturbed(case.network), torch.no_grad():
        for each in found:
            assert each(case.outputs).shape == (1,)
            assert float(outcome(case.network, each, case.x)) == pytest.approx(each.value, abs=1e-5)
            two = torch.cat([case.x, 1 - case.x])
            assert outcome(case.network, each, two)[0].item() == pytest.approx(each.value, abs=1e-4)
    json.dumps([each.as_dict() for each in found])


def test_a_class_is_explained_by_its_logit_that_of_the_answer_first():
    case = asked("classify")
    found = case.targets()
    assert [each.name for each in found] == list(case.answer.probabilities) and found[0].name == case.answer.label
    assert found[0].value == pytest.approx(float(case.outputs.max()))


@pytest.mark.parametrize("framed", [True, False], ids=["framed", "fitted"])
@pytest.mark.parametrize("name", ["localize", "detect"])
def test_a_box_is_explained_by_the_heat_at_its_own_peak(name, framed):
    case = asked(name, framed=framed)
    found = [each for each in case.targets() if each.name.startswith("box")]
    assert len(found) == len(case.answer.found) >= 1
    boxes = centres.boxes(case.outputs, len(CLASSES))[0].permute(1, 2, 0).numpy()
    size = np.array([case.outputs.shape[3], case.outputs.shape[2]] * 2) * centres.STRIDE
    for number, (each, thing) in enumerate(zip(found, case.answer.found, strict=True), 1):
        assert each.name == f"box {number}: {thing.label} {thing.confidence:.2f}"
        assert each.value == pytest.approx(thing.confidence, abs=1e-6)
        own = boxes[each.place].clip(0, size)
        if case.frame is not None:
            own = case.frame.original(own.reshape(2, 2)).clip((0, 0), (case.frame.width, case.frame.height)).ravel()
        assert own == pytest.approx(thing.box, abs=1e-3)


def test_equally_hot_places_are_told_apart_by_their_boxes():
    case = asked("detect", framed=False)
    outputs = torch.full_like(case.outputs, -5.0)
    outputs[:, len(CLASSES) :] = 0.0
    outputs[0, 1, 1, 1] = outputs[0, 1, 4, 6] = 9.0
    answer = case.task.decode(case.task.read(outputs).numpy(), CLASSES)[0]
    found = targets(case.task, case.network, outputs, answer)
    assert {each.place for each in found[:2]} == {(1, 1), (4, 6)}
    for each, thing in zip(found[:2], answer.found, strict=True):
        middle = (each.place[1] + 0.5) * centres.STRIDE
        x1, _, x2, _ = thing.box
        assert x1 < middle < x2


def test_what_was_not_found_can_be_asked_about():
    case = asked("detect")
    answer = case.task.decode(case.task.read(case.outputs - 20).numpy(), CLASSES, frames=[case.frame])[0]
    assert not answer.found
    found = targets(case.task, case.network, case.outputs - 20, answer, case.frame)
    heats = centres.heats(case.outputs - 20, len(CLASSES))[0].flatten(1).amax(1).tolist()
    assert [each.value for each in found] == pytest.approx(heats)
    assert found[0].name == f"cat at its hottest: {heats[0]:.2f}"


def test_a_class_of_pixels_is_explained_by_its_mean_logit_over_its_pixels():
    case = asked("segment")
    x1, y1, x2, y2 = map(round, case.frame.seen)
    assert (x1, y1, x2, y2) != (0, 0, 32, 24), "padded"
    large = torch.nn.functional.interpolate(case.outputs, (24, 32), mode="bilinear", align_corners=False)[0]
    said = large.argmax(0)[y1:y2, x1:x2]
    *areas, middle = case.targets()
    assert [each.name for each in areas] == list(case.answer.shares)
    for each in areas:
        channel = CLASSES.index(each.name)
        wanted = large[channel, y1:y2, x1:x2][said == channel].mean()
        assert each.value == pytest.approx(float(wanted), abs=1e-5)
    assert middle.name == "pixel (32, 36)"
    assert middle.value == pytest.approx(float(large[:, 12, 15].max()), abs=1e-5), "32.5 ÷ 3 + 5 columns of padding"


def test_a_pixel_of_the_picture_is_asked_for_in_its_own_coordinates():
    case = asked("segment")
    given = (case.task, case.network, case.outputs, case.answer, case.frame)
    x, y = 20, 50  # in the picture of 72 × 64 pixels
    column, row = np.floor(case.frame.fitted(np.array([x + 0.5, y + 0.5]))).astype(int)
    large = torch.nn.functional.interpolate(case.outputs, (24, 32), mode="bilinear", align_corners=False)[0]
    for words in ("pixel (20, 50) dog", "pixel (20, 50): dog", "20,50 dog", "Pixel 20, 50 dog"):
        found = target(words, *given)
        assert found.name == "pixel (20, 50): dog"
        assert found.value == pytest.approx(float(large[1, row, column]), abs=1e-5)
    assert target("pixel (20, 50)", *given).value == pytest.approx(float(large[:, row, column].max()), abs=1e-5)
    with pytest.raises(RecipeError, match=r"64 × 72 pixels, and \(64, 3\) is none"):
        target("pixel (64, 3)", *given)
    with pytest.raises(RecipeError, match="Did you mean 'dog'"):
        target("pixel (2, 3) dogg", *given)


def test_a_pixel_that_the_fit_cut_away_is_refused():
    case = asked("segment", framed=False)
    seen = frame(24, 64, PixelSettings(24, 32))
    answer = case.task.decode(case.task.read(case.outputs).numpy(), CLASSES, frames=[seen])[0]
    with pytest.raises(RecipeError, match="cut off"):
        target("pixel (3, 3)", case.task, case.network, case.outputs, answer, seen)


@pytest.mark.parametrize("name", ["localize", "detect", "instances"])
def test_the_heat_under_a_pixel(name):
    case = asked(name)
    stride = case.task.head(3)["stride"]
    found = target("pixel (30, 40) cow", case.task, case.network, case.outputs, case.answer, case.frame)
    column, row = np.floor(case.frame.fitted(np.array([30.5, 40.5])) / stride).astype(int)
    assert (found.place, found.channel) == ((row, column), 2)


def test_an_instance_is_explained_by_its_confidence_and_by_its_pixels():
    case = asked("instances")
    found = case.targets()
    count = len(case.answer.found)
    assert count >= 2
    for number, (sure, front, thing) in enumerate(
        zip(found[:count], found[count : 2 * count], case.answer.found, strict=True), 1
    ):
        assert (sure.name, front.name) == (
            f"instance {number}: {thing.label} {thing.confidence:.2f}",
            f"pixels of instance {number}",
        )
        assert sure.value == pytest.approx(thing.confidence, abs=1e-6)
        x1, y1, x2, y2 = thing.box
        rows, columns = np.nonzero(front.mask)
        seen = case.frame.original(np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]]))
        near = 1 / case.frame.scale_x
        assert seen.ravel() == pytest.approx((x1, y1, x2, y2), abs=near) and front.value > 0


@pytest.mark.parametrize("name", TASKS)
def test_names_find_their_targets(name):
    case = asked(name)
    given = (case.task, case.network, case.outputs, case.answer, case.frame)
    for each in case.targets():
        assert target(each.name, *given).value == each.value
        assert target(each.name.partition(":")[0].upper(), *given).value == each.value
    with pytest.raises(RecipeError):
        target("unicorn", *given)
    with pytest.raises(RecipeError):
        target("", *given)


def test_the_refusal_says_what_there_is():
    case = asked("detect")
    given = (case.task, case.network, case.outputs, case.answer, case.frame)
    with pytest.raises(RecipeError, match=r"There is: box 1: .*pixel \(x, y\) cat"):
        target("unicorn", *given)
    case = asked("classify")
    with pytest.raises(RecipeError, match="Did you mean 'cat'"):
        target("catt", case.task, case.network, case.outputs, case.answer)


@pytest.mark.parametrize("name", ["detect", "instances"])
def test_an_answer_of_other_outputs_is_refused(name):
    case = asked(name)
    with pytest.raises(ValueError, match="not read from these outputs"):
        targets(case.task, case.network, case.outputs - 20, case.answer, case.frame)
    with pytest.raises(ValueError, match="one picture"):
        targets(case.task, case.network, torch.cat([case.outputs] * 2), case.answer, case.frame)
