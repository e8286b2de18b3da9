"""One picture explained, for each of the five tasks, on small drawn sets: the numbers are the network's, the answer is predict's."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

import glassnet as gn
from glassnet.data.builtin import shapes
from glassnet.errors import DataError, RecipeError
from glassnet.pipeline.explaining import explain
from glassnet.pipeline.glass import lines_of, material_of
from glassnet.tasks import centres

TASKS = ("classify", "localize", "detect", "segment", "instances")
BODY = [
    {"conv": 8, "padding": "same", "bias": False}, "batch_norm", "relu", {"maxpool": 2},
    {"conv": 12, "padding": "same"}, "relu", {"maxpool": 2}, {"conv": 16, "padding": "same", "activation": "relu"},
]  # fmt: skip
HEADS = {
    "classify": ["flatten", {"dense": 12, "activation": "leaky_relu"}, {"dense": "classes"}],
    "localize": [{"decoder": 12, "stride": 4}, {"conv": 7, "kernel": 1}],
    "detect": [{"decoder": 12, "stride": 4}, {"conv": 7, "kernel": 1}],
    "segment": [{"decoder": 12, "stride": 2}, {"conv": 4, "kernel": 1}],
    "instances": [{"decoder": 12, "stride": 2}, {"conv": 6, "kernel": 1}],
}


def draw(root, task):
    """Write pictures of 96 × 72 pixels: in folders by class, or with a COCO file."""
    pictures, annotated = shapes.draw(36, task in ("classify", "localize"))
    images, things = [], []
    for i, (pixels, found) in enumerate(zip(pictures, annotated, strict=True)):
        folder = root / (found[0].label if task == "classify" else "images")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
        images.append({"id": i + 1, "file_name": f"{i:02}.png", "height": 96, "width": 96})
        for thing in found:
            x1, y1, x2, y2 = thing.box
            things.append({
                "id": len(things) + 1, "image_id": i + 1, "category_id": shapes.CLASSES.index(thing.label) + 1, "iscrowd": 0,
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                **({} if task == "localize" else {"segmentation": {"size": [96, 96], "counts": list(thing.shape.counts)}}),
            })  # fmt: skip
    if task != "classify":
        categories = [{"id": i + 1, "name": name} for i, name in enumerate(shapes.CLASSES)]
        whole = {"images": images, "annotations": things, "categories": categories}
        (root / "annotations.json").write_text(json.dumps(whole))
    return root


def train(task, folder):
    root = draw(folder / "pictures", task)
    run = gn.train(
        root, out=folder / "runs", quiet=True, task=task, size=48, network=[*BODY, *HEADS[task]], epochs=3, batch=8, lr=0.01,
        threads=1, device="cpu", precision="fp32", views="mirror" if task in ("classify", "detect") else "one",
    )  # fmt: skip
    assert run is not None
    return run


@pytest.fixture(scope="module", params=TASKS)
def run(request, tmp_path_factory):
    return train(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return train("classify", tmp_path_factory.mktemp("classifier"))


def some_key(run, split="test"):
    return run.lock.keys[int(run.lock.rows(split)[0])]


def file_of(run, key):
    root = run.folder.path.parents[1] / "pictures"
    return next(path for path in root.rglob(key.rpartition("/")[2]))


@pytest.fixture(scope="module")
def found(run):
    return run.explain(str(file_of(run, some_key(run))))


def test_the_answer_is_that_of_predict(run, found):
    said = run.predict(found.picture.name)
    assert found.answer.as_dict() == said.as_dict() and found.answer.text() in found.text()
    pixels = np.asarray(Image.open(found.picture.name))
    assert run.explain(pixels).answer.answer.as_dict() == said.answer.as_dict()


def test_every_layer_opens_and_agrees_with_the_network(run, found):
    network = run.predictor.model.network
    own = network.activations(found.x)
    for layer, place in zip(found.seen, found.strongest, strict=True):
        opened = found.arithmetic(layer.name, place.channel, place.y, place.x)
        assert opened.agrees and opened.own == place.value == layer.values.max(), opened.text()
        if layer.name in own:
            assert np.array_equal(layer.values, own[layer.name][0].detach().numpy())
        assert found.field(layer.name, place.channel, place.y, place.x).original == place.box


def test_what_a_value_sees_is_told_in_the_pictures_own_pixels(found):
    sees = found.field("conv1", 0, 5, 7)
    assert sees.box == (6, 4, 9, 7) and sees.original == (12, 8, 18, 14)  # 96 pixels became 48


def test_three_methods_explain_what_is_chosen(run, found):
    for wanted in (None, found.targets[-1].name, found.targets[0]):
        for made in (found.gradcam(wanted), found.integrated_gradients(wanted), found.occlusion(wanted)):
            assert made.values.shape == (48, 48) and np.isfinite(made.values).all() and made.sentence
            assert made.target == found.target(wanted).name
    assert found.gradcam() is found.gradcam(found.target().name) and found.target().name != "background"
    assert found.gradcam(layer="relu1").layer == "relu1"
    with pytest.raises(RecipeError, match=r"elephant"):
        found.gradcam("elephant")


def test_training_pictures_excite_and_are_near(run, found):
    trained = {run.lock.keys[row] for row in run.lock.train}
    layer = found.levels[-1].layer
    crops = found.exciting(layer, top=3)
    strongest = found.seen[layer].values.max((1, 2))
    assert set(crops) == set(np.argsort(-strongest, kind="stable")[:4].tolist())
    for channel, mine in crops.items():
        for crop in mine:
            assert crop.key in trained
            other = run.explain(crop.key)
            assert crop.value == pytest.approx(other.seen[layer].values[channel].max(), abs=1e-4)
            x1, y1, x2, y2 = crop.box
            assert np.array_equal(crop.pixels, other.picture.fitted[y1:y2, x1:x2])
    near = found.nearest(5)
    assert len(near) == 5 and {each.key for each in near} <= trained
    assert [each.similarity for each in near] == sorted((each.similarity for each in near), reverse=True)
    own = run.explain(some_key(run, "train"))
    assert own.picture.key not in {each.key for each in own.nearest(50)}
    assert run.explain(str(file_of(run, own.picture.key))).nearest(1)[0].similarity == pytest.approx(1.0)


def test_what_if_moves_the_answer_and_nothing_else(run, found):
    same = found.what_if("rotate", 0)
    assert same.answer.answer.as_dict() == found.answer.answer.as_dict()
    moved = found.what_if("cover", box=(0, 0, 30, 30))
    assert np.array_equal(moved.pixels[31:], found.picture.fitted[31:]) and not np.array_equal(
        moved.pixels, found.picture.fitted
    )
    assert moved.after.arithmetic("conv1", 0, 3, 3).agrees
    assert (
        moved.answer.answer.as_dict() == run.predictor.answer([""], moved.pixels[None], [(96, 96)])[0].answer.as_dict()
    )
    drawn = moved.after.picture.original
    assert drawn.shape == found.picture.original.shape and drawn[:56, :56].std() < 1
    with pytest.raises(RecipeError, match="rotate"):
        found.what_if("rotat", 3)


def test_the_page_holds_the_answer_and_every_part(run, found):
    page = found.write()
    assert page == run.folder.path / f"explain-{found.picture.stem}.html"
    text = page.read_text()
    assert run.name in text and page.stat().st_size < 15_000_000
    material = material_of(found)
    assert material.levels and material.exciting and material.nearest and len(material.attributions) == 3
    assert {each.what.split()[0] for each in material.changed} >= {
        "cover",
        "blur",
        "shift",
        "rotate",
        "brighten",
        "contrast",
    }
    assert (material.drawn is None) == (run.recipe.data.task == "classify")


def test_each_line_of_the_answer_leads_to_its_value(run, found):
    task = run.predictor.task.name
    views = run.predictor.views
    for at, line in enumerate(lines_of(found)):
        if task == "segment":
            assert line.name in run.predictor.classes and line.opens is None
            continue
        assert line.opens is not None
        layer, *place = line.opens
        value = found.seen[layer][tuple(place)]
        if task == "classify":
            assert value == pytest.approx(found.plain.probabilities[line.name], abs=1e-6)
        else:
            heat = float(torch.sigmoid(torch.tensor(value) - centres.COLD))
            assert line.name.split(": ")[1] == found.answer.answer.found[at].label
            assert views == "mirror" or heat == pytest.approx(line.score, abs=1e-5)


def test_json_has_everything_and_nothing_that_json_lacks(found):
    small, whole = found.as_dict(), found.as_dict(whole=True)
    assert json.loads(json.dumps(whole, allow_nan=False)).keys() > small.keys()
    assert len(whole["layers"]) == len(found.seen.layers) and len(whole["attributions"]) == 3
    assert whole["nearest"] and whole["exciting"] and whole["what_if"] and whole["targets"]


def test_mirror_views_are_said_and_the_layers_are_of_the_plain_view(classifier):
    found = classifier.explain(some_key(classifier))
    assert "mirror image" in found.notes[0] and found.notes[0] in found.text()
    shares = dict(zip(found.seen.classes, found.seen["softmax"].values, strict=True))
    assert shares == pytest.approx(found.plain.probabilities, abs=1e-6)
    label = found.answer.label
    assert found.arithmetic("softmax", label).own == pytest.approx(found.plain.probabilities[label], abs=1e-6)
    with pytest.raises(RecipeError, match=r"Did you mean 'circle'"):
        found.arithmetic("softmax", "circel")
    with pytest.raises(RecipeError, match=r"channel of conv1 is a number"):
        found.arithmetic("conv1", "circle", 0, 0)


def test_a_picture_is_a_file_a_key_or_an_array(classifier, tmp_path):
    key = some_key(classifier)
    by_key, by_file = classifier.explain(key), classifier.explain(file_of(classifier, key))
    assert np.array_equal(by_key.picture.fitted, by_file.picture.fitted)
    assert by_key.picture.stem == key.replace("/", "-").removesuffix(".png") and by_file.picture.key == ""
    grey = np.random.default_rng(0).integers(0, 256, (50, 70), np.uint8)
    found = classifier.explain(grey)
    assert found.picture.size == (50, 70) and found.arithmetic("conv1", 0, 0, 0).agrees
    assert found.what_if("blur", 2).after.picture.original.shape[:2] == (50, 70)
    assert found.write(tmp_path / "deep" / "a.html").exists()
    assert explain(classifier.name, key, classifier.folder.path.parent).answer.as_dict() == by_key.answer.as_dict()


def test_what_is_no_picture_is_refused_in_a_sentence(classifier, tmp_path):
    key = some_key(classifier)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n nothing more")
    for given, said in (
        (key + "x", f"Did you mean '{key}'"),
        (key.rpartition("/")[2], f"Did you mean '{key}'"),
        (str(tmp_path), "is a folder"),
        (str(broken), "broken.png cannot be shown"),
        (np.zeros((8, 8, 3)), "uint8"),
        (np.zeros((8, 8, 7), np.uint8), "Expected uint8"),
        (17, "not int"),
    ):
        with pytest.raises(DataError, match=said):
            classifier.explain(given)


def test_training_pictures_that_are_gone_or_changed_are_said_not_shown(tmp_path):
    run = train("classify", tmp_path)
    changed = run.lock.keys[int(run.lock.train[0])]
    kept = str(shutil.copy(file_of(run, some_key(run)), tmp_path / "kept.png"))
    Image.fromarray(np.full((96, 96, 3), 200, np.uint8)).save(file_of(run, changed))
    near = run.explain(kept).nearest(100)
    assert changed not in {each.key for each in near} and len(near) == len(run.lock.train) - 1
    shutil.rmtree(tmp_path / "pictures")
    later = gn.load(out=tmp_path / "runs").explain(kept)
    with pytest.raises(DataError):
        later.nearest()
    notes = material_of(later).notes
    assert any("Training pictures are not shown" in note for note in notes) and later.write().exists()


def test_a_notebook_shows_the_picture_and_its_strongest_maps(found):
    shown = found._repr_html_()
    assert shown.count("<img") >= 4 and "conv1" in shown and found.answer.text(1).split()[0] in shown
    assert found.what_if("rotate", 15)._repr_html_().count("<img") == 2
