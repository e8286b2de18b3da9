"""The page Data over HTTP: a look is an errand, findings have their pictures, and what training shows is what training shows."""

import io
import shutil
import time

import numpy as np
import pytest
from PIL import Image
from tests.studio.serving import served
from tests.studio.spoiled_set import spoil

from glassnet.pipeline.auditing import audit
from glassnet.recipe import recipe_from
from glassnet.training import augment


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory):
    return spoil(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def studio(spoiled, tmp_path_factory):
    with served(tmp_path_factory.mktemp("runs"), spoiled) as found:
        yield found


@pytest.fixture(scope="module")
def pets(studio):
    return next(one["id"] for one in studio.json("/api/data")["sets"] if one["name"] == "pets")


def looked(studio, given, task=""):
    """Start a look, wait for it and return what it found."""
    state = studio.json(f"/api/audit/{given}?task={task}", {})
    end = time.monotonic() + 60
    while state["state"] == "working" and time.monotonic() < end:
        time.sleep(0.05)
        state = studio.json(f"/api/audit/{given}?task={task}")
    assert state["state"] == "done", state
    return studio.json(f"/api/audit/{given}?task={task}")["found"]


def pixels(studio, path):
    status, headers, body = studio.ask(path)
    assert status == 200, body
    assert headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(body)))


def test_findings_are_those_of_the_audit_with_their_pictures(studio, pets, spoiled):
    found = looked(studio, pets)
    own = audit(recipe_from({"data": {"root": str(spoiled / "pets")}}), studio.work.out)
    assert [one["code"] for one in found["findings"]] == [one.code for one in own.audit.findings]
    assert found["summary"] == own.audit.summary()
    two = next(one for one in found["findings"] if one["code"] == "two_labels")
    assert sorted(one["label"] for one in two["pairs"][0]) == ["cat", "dog"]
    assert {one["name"] for one in two["pairs"][0]} == {"03.png", "<img src=x onerror=alert(1)>.png"}
    same = [pixels(studio, f"/api/audit/{pets}/pictures/{one['row']}.png") for one in two["pairs"][0]]
    np.testing.assert_array_equal(*same)
    assert same[0].shape == (36, 48, 3)
    near = next(one for one in found["findings"] if one["code"] == "near_duplicates")
    assert any("near.jpg" in one["name"] for pair in near["pairs"] for one in pair)
    damaged = next(one for one in found["findings"] if one["code"] == "corrupt")
    assert not damaged["pictures"][0]["whole"]
    assert found["kept_out_total"] == 1
    for number, row in enumerate(found["sides"]):
        mine = [i for i, label in enumerate(own.lock.labels) if label == row["name"]]
        assert own.catalog.classes[number] == row["name"]
        for side in ("train", "validation", "test"):
            assert row[side] == len(set(mine) & set(own.lock.rows(side).tolist()))


def test_a_second_look_finds_what_changed_and_only_that(studio, pets, spoiled):
    before = looked(studio, pets)
    assert looked(studio, pets)["stamp"] == before["stamp"]
    shutil.copy(spoiled / "pets" / "cat" / "08.png", spoiled / "pets" / "cat" / "added.png")
    after = looked(studio, pets)
    (spoiled / "pets" / "cat" / "added.png").unlink()
    assert after["stamp"] != before["stamp"]
    assert after["total"] == before["total"] + 1


def test_pictures_are_listed_by_class_and_side(studio, pets):
    found = looked(studio, pets)
    for side in ("train", "validation", "test"):
        listed = studio.json(f"/api/audit/{pets}/pictures?shows=dog&side={side}")
        assert listed["total"] == next(row for row in found["sides"] if row["name"] == "dog")[side]
        assert {(one["label"], one["side"]) for one in listed["pictures"]} == {("dog", side)}


def test_an_epoch_is_shown_as_training_draws_it(studio, pets, spoiled):
    """The pixels of the page against the draws and the resampling of training, asked directly."""
    import torch

    looked(studio, pets)
    settings = "augment.rotate=40&augment.brightness=0.3&augment.cutout=0.2"
    told = studio.json(f"/api/audit/{pets}/varied?{settings}")
    row = told["rows"][1]["row"]
    asked = {"data.root": str(spoiled / "pets"), "augment.rotate": 40, "augment.brightness": 0.3, "augment.cutout": 0.2}
    own = audit(recipe_from({}).changed(asked), studio.work.out)
    from glassnet.pipeline.choices import resolve_for

    recipe = resolve_for(own)[0]
    assert told["auto"]["augment.rotate"] == "40"
    stored = np.ascontiguousarray(own.store.pixels[[row]])
    np.testing.assert_array_equal(pixels(studio, f"/api/audit/{pets}/varied/{row}/0.png?{settings}"), stored[0])
    seen = []
    for epoch in (1, 2, 5):
        drawn = augment.draw(recipe.augment, recipe.train.seed, epoch - 1, np.array([row]), *stored.shape[1:3])
        expected = (augment.apply(torch.from_numpy(stored), drawn, "reflect")[0].permute(1, 2, 0) * 255).round()
        seen.append(pixels(studio, f"/api/audit/{pets}/varied/{row}/{epoch}.png?{settings}"))
        np.testing.assert_allclose(seen[-1], expected.clamp(0, 255).numpy(), atol=1)
    assert not np.array_equal(seen[0], seen[1])


def test_what_is_not_trained_on_is_never_varied(studio, pets):
    looked(studio, pets)
    held_out = studio.json(f"/api/audit/{pets}/pictures?side=test")["pictures"][0]["row"]
    status, _, body = studio.ask(f"/api/audit/{pets}/varied/{held_out}/1.png")
    assert status == 404
    assert b"never varied" in body


def test_another_seed_draws_other_sides(studio, pets):
    looked(studio, pets)
    first = studio.json(f"/api/audit/{pets}/varied?train.seed=0")
    other = studio.json(f"/api/audit/{pets}/varied?train.seed=5")
    assert [one["row"] for one in first["rows"]] != [one["row"] for one in other["rows"]]


@pytest.mark.parametrize("settings", ["augment.rotate=-1", "augment.flip=sideways", "train.seed=none"])
def test_a_setting_that_no_recipe_takes_is_refused_in_words(studio, pets, settings):
    looked(studio, pets)
    status, _, body = studio.ask(f"/api/audit/{pets}/varied?{settings}")
    assert status == 422
    assert settings.partition("=")[0].encode() in body


def test_boxes_and_masks_are_drawn_and_follow(studio):
    found = looked(studio, "shapes", "instances")
    assert found["things"]["count"] > 0
    assert set(found["colours"]) == set(found["classes"])
    row = studio.json("/api/audit/shapes/pictures?task=instances&side=train")["pictures"][0]["row"]
    plain = pixels(studio, f"/api/audit/shapes/pictures/{row}.png?task=instances&side=96")
    drawn = pixels(studio, f"/api/audit/shapes/pictures/{row}.png?task=instances&side=96&drawn=true")
    factor = drawn.shape[0] // plain.shape[0]
    assert (drawn != plain.repeat(factor, 0).repeat(factor, 1)).any()
    still = (
        "augment.flip=none&augment.zoom=0&augment.shift=0&augment.brightness=0&augment.contrast=0&augment.saturation=0"
    )
    stored = pixels(studio, f"/api/audit/shapes/varied/{row}/0.png?task=instances&{still}")
    np.testing.assert_array_equal(
        stored, pixels(studio, f"/api/audit/shapes/varied/{row}/3.png?task=instances&{still}")
    )
    turned = pixels(studio, f"/api/audit/shapes/varied/{row}/3.png?task=instances&{still}&augment.rotate=90")
    assert (turned != stored).any()


def test_pictures_with_boxes_are_not_mixed(studio):
    looked(studio, "shapes", "instances")
    status, _, body = studio.ask("/api/audit/shapes/varied?task=instances&train.mixup=0.5")
    assert status == 422
    assert b"one class each" in body


def test_a_look_can_be_stopped_and_gone_on_with(studio, spoiled):
    from glassnet.studio.errands import Errands

    errands, reached = Errands(2), []

    def work(tell):
        for i in range(1000):
            tell("counting", i, 1000)
            reached.append(i)
            time.sleep(0.01)

    errand = errands.start("a", work)
    while len(reached) < 3:
        time.sleep(0.01)
    errand.stop()
    end = time.monotonic() + 5
    while errand.state == "working" and time.monotonic() < end:
        time.sleep(0.01)
    assert errand.state == "stopped"
    assert len(reached) < 900
    assert errands.start("a", lambda tell: "done") is not errand


@pytest.mark.parametrize("given", ["0123456789abcdef", "..%2f..%2fetc", "nothing"])
def test_what_is_no_data_set_is_refused(studio, given):
    status, _, body = studio.ask(f"/api/audit/{given}", {})
    assert status in (404, 405, 422)
    assert b"etc" not in body


def test_pictures_of_a_set_that_was_not_looked_at_are_not_shown(studio):
    status, _, body = studio.ask("/api/audit/digits/pictures/0.png")
    assert status == 404
    assert b"not looked at" in body
