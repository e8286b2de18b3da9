"""Makes three pictures of the README, in headless Chromium: the report of a run, the page of a sweep, explain.html. The studio: studio.py.

    python docs/pictures/make.py DIR/clothing10                  # the pictures shown are CC0 1.0
    python docs/pictures/make.py --sweep DIR/clothing-binary     # the sweep of the README
    python docs/pictures/make.py --glass DIR/clothing-binary     # a value of a trained network, opened

DIR/clothing10 is a subset of github.com/alexeygrigorev/clothing-dataset-small. Needs Debian's chromium and the extra `test`.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

import glassnet as gn

HERE = Path(__file__).parent
# The parts that fit one picture; everything else of a page is hidden.
_OF_RUN = ("result", "learning", "confusion")
_OF_SWEEP = ("result", "mattered", "parallel")
_HIDE = """shown => {
  for (const section of document.querySelectorAll("main section")) if (!shown.includes(section.id)) section.remove();
  for (const gone of document.querySelectorAll("nav, footer, #learning details, .charts svg:nth-child(3)")) gone.remove();
}"""
_GRID = {
    "train.lr": [0.003, 0.001, 0.0003],
    "train.dropout": [0, 0.3],
    "network": ["tutorial", "mini"],
    "augment.flip": ["none", "horizontal"],
}


def of_run(root: str) -> None:
    """Train with the defaults, open the test set, take the picture."""
    with tempfile.TemporaryDirectory() as out:
        run = gn.train(root, out=out, name="clothes")
        assert run is not None
        most_confused = ".confusion .miss3 button, .confusion .miss2 button"
        photograph(gn.evaluate(run.name, out).report, HERE / "report.png", _OF_RUN, most_confused)


def of_sweep(root: str) -> None:
    """Try the grid of the README, take the picture."""
    with tempfile.TemporaryDirectory() as out:
        found = gn.sweep(root, _GRID, out=out, name="clothes", epochs=8, size=48, optimizer="adam")
        photograph(found.report, HERE / "sweep.png", _OF_SWEEP)


def of_glass(root: str) -> None:
    """Train the tutorial's network, open a value of its second convolution for a pair of trousers, take the picture."""
    with tempfile.TemporaryDirectory() as out:
        run = gn.train(root, out=out, name="clothes", network="tutorial", epochs=12, size=48, optimizer="adam")
        assert run is not None
        picture = next(path for path in sorted(Path(root).rglob("pants/*.jpg")))
        found = run.explain(str(picture))
        strongest = found.seen["conv2_relu"].values
        channel, y, x = (int(at) for at in np.unravel_index(strongest.argmax(), strongest.shape))
        page = found.write(Path(out) / "explain.html")
        photograph(page, HERE / "explain.png", ("part-glass",), fragment=f"#conv2/{channel}/{y}/{x}", height=1400)


def photograph(
    report: Path,
    target: Path,
    shown: tuple[str, ...],
    click: str | None = None,
    fragment: str = "",
    height: int | None = None,
) -> None:
    """Write a PNG of the sections `shown` of a page, with no more colours than it needs.

    What `click` finds first is opened; `fragment` is the state of the page, `height` where the picture ends.
    """
    from PIL import Image
    from playwright.sync_api import sync_playwright

    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1040, "height": 900}, device_scale_factor=1.25)
        page.goto(report.as_uri() + fragment)
        page.wait_for_timeout(500)
        page.evaluate(_HIDE, list(shown))
        if click is not None:
            page.locator(click).first.click()
        part = None if height is None else {"x": 0, "y": 0, "width": 1040, "height": height}
        page.screenshot(path=target, full_page=True, clip=part)
        chromium.close()
    Image.open(target).convert("RGB").quantize(200).save(target, optimize=True)


if __name__ == "__main__":
    ways = {"--sweep": of_sweep, "--glass": of_glass}
    if sys.argv[1] in ways:
        ways[sys.argv[1]](sys.argv[2])
    else:
        of_run(sys.argv[1])
