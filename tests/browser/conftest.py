"""Debian's Chromium, driven by Playwright. No test here is skipped when it is missing: the message says what to install."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

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
    out = tmp_path_factory.mktemp("runs")
    return train(root, out=out, network="mini", epochs=2, batch=16, threads=1, precision="fp32", rotate=10, quiet=True)
