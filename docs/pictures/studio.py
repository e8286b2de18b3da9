"""Makes the pictures of every page of the studio, light, in headless Chromium: docs/pictures/studio-NAME.png, and glass.png of the README.

    python docs/pictures/studio.py              # everything is trained here, on pictures that are drawn here: about two minutes

Nothing but Debian's chromium and the extra `test` is needed. It works in a folder of its own, so that no path of a machine is shown.
"""

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

HERE = Path(__file__).resolve().parent
WIDE, HIGH = 1280, 960
RUNS = (
    ("crosses", "--network", "tutorial", "--epochs", "20"),
    ("crosses-small", "--network", "mini", "--epochs", "10", "--train.dropout", "0.2"),
)
SWEEP = ("--set", "train.lr=0.01,0.003,0.001", "--set", "train.dropout=0,0.3", "--epochs", "6", "--name", "settings")


def glassnet(*words: str) -> list[str]:
    """Return the command of the product that this Python has."""
    return [sys.executable, "-m", "glassnet", *words]


@contextlib.contextmanager
def studio(folder: Path) -> Iterator[str]:
    """Open the studio over a folder and give its address with the token."""
    words = glassnet("studio", "--no-browser", "--port", "0", "--json", "--out", "runs")
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True) as opened:
        assert opened.stdout is not None
        try:
            yield json.loads(opened.stdout.readline())["address"]
        finally:
            opened.terminate()


def taken(page: Any, name: str, height: int = HIGH, from_top: int = 0) -> None:
    """Write what the page shows, from `from_top` on, with no more colours than it needs."""
    from PIL import Image

    target = HERE / f"{name}.png"
    page.wait_for_timeout(900)  # pictures come, curves are drawn
    part = {"x": 0, "y": from_top, "width": WIDE, "height": height}
    page.screenshot(path=target, full_page=True, clip=part)
    Image.open(target).convert("RGB").quantize(200).save(target, optimize=True)
    print(target.name, flush=True)


def of_pages(page: Any, address: str) -> None:
    """Go through every page."""
    parts = urlsplit(address)
    base = f"{parts.scheme}://{parts.netloc}"
    page.goto(address)
    asked = page.request.get(f"{base}/api/ledger").json()
    rows = {row["name"]: row["id"] for row in asked["rows"]}
    best, other, sweep = rows["crosses"], rows["crosses-small"], asked["sweeps"][0]["id"]
    for name, path, awaited, height in (
        ("home", "/?data=xo", re.compile("^Recognised"), 1250),
        ("run", f"/run/{best}", "Learning curves", 1000),
        ("ledger", "/ledger", "Ledger", 900),
        ("compare", f"/compare/{best}/{other}", "Pictures whose answer changed", 1300),
        ("data", "/data/xo?part=varied", "What the network is shown", 950),
        ("results", f"/results/{best}", "ROC curve", 1900),
        ("sweep", f"/sweep/{sweep}", "Combinations", 1350),
        ("lessons", "/lessons", "Lessons", 1100),
        ("convolution", "/lesson/convolution", "Questions", 1150),
        ("playground", "/lesson/playground", "Questions", 1250),
        ("vote", "/lesson/vote", "Questions", 1250),
        ("building", "/lesson/building", "Questions", 1350),
    ):
        page.goto(base + path)
        page.get_by_role("heading", name=awaited, exact=True).or_(page.get_by_text(awaited, exact=True)).first.wait_for(
            timeout=60_000
        )
        taken(page, f"studio-{name}", height)
    of_glass(page, f"{base}/glass/{best}")


def of_glass(page: Any, address: str) -> None:
    """Draw an X, open the greatest value of a filter of the second convolution that it excites, and see why the answer is an X."""
    page.goto(address)
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_role("button", name="Draw X", exact=True).click()
    page.locator(".glass-layers canvas").first.wait_for()
    page.wait_for_url("**picture=drawn-**")
    drawn = page.url.partition("picture=")[2].partition("&")[0]
    levels = page.request.get(f"{address.replace('/glass/', '/api/why/')}/features?picture={drawn}").json()["levels"]
    middle = next(level for level in levels if level["layer"] == "conv2_relu")
    values = np.frombuffer(base64.b64decode(middle["maps"][0]), "<f4").reshape(middle["shape"])
    y, x = np.unravel_index(values.argmax(), values.shape)
    page.goto(f"{address}?picture={drawn}&at=conv2/{middle['channels'][0]}/{y}/{x}")
    page.get_by_text("the network's own value").wait_for()
    taken(page, "glass", 1480)
    top = page.evaluate("Math.round(document.querySelector('.glass-why').getBoundingClientRect().top + scrollY)")
    taken(page, "studio-why", 680, top)


def main() -> None:
    """Train, sweep, open, photograph."""
    from playwright.sync_api import sync_playwright

    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "photos"
        folder.mkdir()
        for name, *words in RUNS:
            subprocess.run(
                glassnet("train", "xo", "--name", name, *words), cwd=folder, check=True, stdout=subprocess.DEVNULL
            )
        words = glassnet("sweep", "xo", *SWEEP, "--network", "mini")
        subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with studio(folder) as address, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
            of_pages(chromium.new_page(viewport={"width": WIDE, "height": HIGH}), address)
            chromium.close()


if __name__ == "__main__":
    main()
