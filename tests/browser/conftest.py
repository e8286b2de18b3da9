"""Debian's Chromium, driven by Playwright. No test here is skipped when it is missing: the message says what to install."""

import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image
from tests.browser.studio_pages import opened, studio  # noqa: F401  fixtures of every file here
from tests.studio.conftest import out, photos  # noqa: F401

from glassnet.data.builtin import shapes
from glassnet.pipeline.from_python import train


@pytest.fixture(scope="session")
def browser():
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "The browser tests need Chromium: install Debian's package `chromium`, or name one in CHROMIUM."
    from playwright.sync_api import sync_playwright

    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=quiet)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A small run that confuses something: two of its three classes look alike."""
    root = tmp_path_factory.mktemp("shapes") / "photos"
    draw = np.random.default_rng(5)
    for number, name in enumerate(("across", "along", "a class with quite a long name")):
        (root / name).mkdir(parents=True)
        for i in range(22):
            pixels = draw.integers(0, 130, (16, 16, 3), dtype=np.uint8)
            at = draw.integers(2, 12)
            if number != 1:
                pixels[at : at + 2] = 140
            else:
                pixels[:, at : at + 2] = 220
            Image.fromarray(pixels).save(root / name / f"{i:02}.png")
    own = tmp_path_factory.mktemp("runs")
    return train(root, out=own, network="mini", epochs=2, batch=16, threads=1, precision="fp32", rotate=10, quiet=True)


@pytest.fixture(scope="session")
def places(tmp_path_factory):
    """Return a function that gives a small run of a task whose answers are places in pictures."""
    root = tmp_path_factory.mktemp("drawn") / "drawn"
    (root / "images").mkdir(parents=True)
    pixels, pictures = shapes.draw(48)
    images, annotations = [], []
    for i, (picture, things) in enumerate(zip(pixels, pictures, strict=True)):
        Image.fromarray(picture).save(root / "images" / f"{i:03}.png")
        images.append({"id": i, "file_name": f"{i:03}.png", "width": 96, "height": 96})
        for thing in things:
            x1, y1, x2, y2 = thing.box
            shape = {"counts": list(thing.shape.counts), "size": [96, 96]}
            annotations.append({"id": len(annotations), "image_id": i, "category_id": shapes.CLASSES.index(thing.label), "iscrowd": 0,
                                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": 1, "segmentation": shape})  # fmt: skip
    named = [{"id": i, "name": name} for i, name in enumerate(shapes.CLASSES)]
    (root / "annotations.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": named})
    )
    runs, own = {}, tmp_path_factory.mktemp("runs")

    def of(task):
        if task not in runs:
            runs[task] = train(
                root, out=own, task=task, network="mini", epochs=1, batch=8, threads=1, precision="fp32", quiet=True
            )
        return runs[task]

    return of
