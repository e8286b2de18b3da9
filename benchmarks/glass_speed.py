"""How quick is the glass? Pointing at a map, choosing another picture, and drawing, in headless Chromium over the real studio.

The tutorial network, trained for two epochs on drawn signs (32 × 32, grey) and on drawn shapes (96 × 96, colour). Timed from the event
until the frame with its result is painted: a receptive field lit up and its value told; every layer, the answer and the open map redrawn.

    python benchmarks/glass_speed.py                # needs Debian's chromium and the extra `test`
"""

import json
import os
import shutil
import subprocess
import tempfile
from typing import Any
from urllib.parse import urlsplit

from measure import Result, arguments, glassnet_command, surroundings

SETS = ("xo", "shapes")
_FRAME = """const frame = () => new Promise((done) => requestAnimationFrame(() => {
  const channel = new MessageChannel(); channel.port1.onmessage = done; channel.port2.postMessage(0); }));
const said = () => document.getElementById("layer-facts").textContent + document.querySelector(".glass-said").textContent
  + document.getElementById("large").toDataURL();
const redrawn = async (act) => {
  const before = said(), began = performance.now();
  act();
  while (said() === before && performance.now() - began < 5000) await frame();
  await frame();
  return performance.now() - began;
};"""
_HOVER = (
    "async (times) => {"
    + _FRAME
    + """
  const map = document.getElementById("map"), box = map.getBoundingClientRect(), found = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    const at = { clientX: box.left + box.width * ((i * 0.37) % 1), clientY: box.top + box.height * ((i * 0.61) % 1), bubbles: true };
    map.dispatchEvent(new PointerEvent("pointermove", at));
    await frame();
    found.push(performance.now() - began);
  }
  return found;
}"""
)
_CHOOSE = (
    "async (times) => {"
    + _FRAME
    + """
  const found = [];
  for (const thumb of [...document.querySelectorAll(".glass-thumbs button")].slice(1, times + 1)) {
    found.push(await redrawn(() => thumb.click()));
    await new Promise((done) => { setTimeout(done, 200); });
  }
  return found;
}"""
)
_DRAW = (
    "async (times) => {"
    + _FRAME
    + """
  const pad = document.querySelector(".pad canvas"), box = pad.getBoundingClientRect(), found = [];
  pad.setPointerCapture = () => {};
  const at = (k) => ({ clientX: box.left + box.width * (0.2 + 0.6 * k / times), clientY: box.top + box.height * (0.25 + 0.5 * k / times),
    bubbles: true, pointerId: 1, button: 0 });
  pad.dispatchEvent(new PointerEvent("pointerdown", at(0)));
  for (let k = 1; k <= times; k++) found.push(await redrawn(() => pad.dispatchEvent(new PointerEvent("pointermove", at(k)))));
  pad.dispatchEvent(new PointerEvent("pointerup", at(times)));
  return found;
}"""
)


def of_set(page: Any, base: str, name: str, quick: bool) -> dict[str, list[float]]:
    """Return the milliseconds of every hover, chosen picture and movement of the pen, for the run of one set."""
    runs = {run["name"]: run["id"] for run in page.request.get(f"{base}/api/glass").json()["runs"]}
    page.goto(f"{base}/glass/{runs[name]}")
    page.locator(".glass-thumbs button").nth(15).wait_for()
    page.locator("#map").wait_for()
    page.wait_for_timeout(2000)
    found = {
        "pointing at a value": page.evaluate(_HOVER, 10 if quick else 60),
        "another picture": page.evaluate(_CHOOSE, 3 if quick else 15),
    }
    page.get_by_role("button", name="Draw", exact=True).click()
    page.wait_for_timeout(1000)
    return {**found, "a movement of the pen": page.evaluate(_DRAW, 5 if quick else 40)}


def main() -> None:
    """Train both, open the studio, measure."""
    from playwright.sync_api import sync_playwright

    options = arguments(__doc__ or "", repeats=1).parse_args()
    result = Result("glass_speed", "The glass: how quick its answers are", options.threads, options.quick)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    around = surroundings(options.threads)
    with tempfile.TemporaryDirectory(prefix="glassnet-bench-runs-") as folder:
        for name in SETS:
            words = ["train", name, "--network", "tutorial", "--epochs", "2", "--name", name, "--task", "classify"]
            subprocess.run([*glassnet_command(), *words], cwd=folder, env=around, check=True, stdout=subprocess.DEVNULL)
        words = [*glassnet_command(), "studio", "--no-browser", "--port", "0", "--json"]
        with subprocess.Popen(words, cwd=folder, env=around, stdout=subprocess.PIPE, text=True) as studio:
            assert studio.stdout is not None
            try:
                address = json.loads(studio.stdout.readline())["address"]
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(
                        executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
                    )
                    page = browser.new_page(viewport={"width": 1280, "height": 900})
                    page.goto(address)
                    parts = urlsplit(address)
                    for name in SETS:
                        for what, times in of_set(
                            page, f"{parts.scheme}://{parts.netloc}", name, options.quick
                        ).items():
                            goal = "<= 50" if what == "pointing at a value" else "<= 300"
                            result.figure(f"tutorial on {name}", what, "ms", times, goal)
                    result.versions["chromium"] = browser.version
                    browser.close()
            finally:
                studio.terminate()
    result.write()


if __name__ == "__main__":
    main()
