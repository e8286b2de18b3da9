"""Makes the picture of the README: trains on a folder of pictures and photographs the report in headless Chromium.

    python docs/pictures/make.py DIR/clothing10        # the pictures shown are CC0 1.0

DIR/clothing10 is a subset of github.com/alexeygrigorev/clothing-dataset-small. Needs Debian's chromium and the extra `test`.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import glassnet as gn

HERE = Path(__file__).parent
# The parts that fit one picture: result, curves, confusion. Everything else of the page is hidden.
_SHOWN = """() => {
  const shown = ["result", "learning", "confusion"];
  for (const section of document.querySelectorAll("main section")) if (!shown.includes(section.id)) section.remove();
  for (const gone of document.querySelectorAll("nav, footer, #learning details, .charts svg:nth-child(3)")) gone.remove();
}"""


def main(root: str) -> None:
    """Train with the defaults, open the test set, take the picture."""
    with tempfile.TemporaryDirectory() as out:
        run = gn.train(root, out=out, name="clothes")
        assert run is not None
        photograph(gn.evaluate(run.name, out).report, HERE / "report.png")


def photograph(report: Path, target: Path) -> None:
    """Write a PNG of the report, the most confused cell opened, with no more colours than it needs."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1040, "height": 900}, device_scale_factor=1.25)
        page.goto(report.as_uri())
        page.evaluate(_SHOWN)
        page.locator(".confusion .miss3 button, .confusion .miss2 button").first.click()
        page.screenshot(path=target, full_page=True)
        chromium.close()
    Image.open(target).convert("RGB").quantize(200).save(target, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
