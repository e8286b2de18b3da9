"""What the browser tests of the studio share: a studio over two small runs, opened as its launch opens it, and axe-core.

The fixtures `studio`, `opened`, `out` and `photos` are there for every file of this folder (conftest.py); functions are imported from here.
"""

import json
import time
from pathlib import Path

import pytest
from tests.studio.serving import served

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"


@pytest.fixture(scope="module")
def studio(out, photos):
    with served(out, photos) as found:
        yield found


@pytest.fixture
def opened(browser, studio):
    """Return a function that opens the studio at an address as its launch does, and the list of what went wrong."""
    heard, contexts = [], []

    def opening(address="/", wait="main h1", **settings):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: heard.append(str(error)))
        mark = "&" if "?" in address else "?"
        page.goto(f"{studio.gate.address.rstrip('/')}{address}{mark}token={studio.gate.token}")
        page.wait_for_selector(wait)
        return page

    yield opening, heard
    for context in contexts:
        context.close()


def until(page, script, timeout=30):
    """Wait until a script gives something true. Playwright's own way evaluates text inside the page, which the policy forbids."""
    end = time.monotonic() + timeout
    while not page.evaluate(script):
        assert time.monotonic() < end, script
        page.wait_for_timeout(60)


def run_named(studio, name):
    """Return a run of the studio's ledger as its pages get it."""
    return next(run for run in studio.json("/api/ledger")["rows"] if run["name"] == name)


def nothing_grave(page):
    """Assert that axe-core finds nothing serious on a page that was opened with `bypass_csp`."""
    if not page.evaluate("'axe' in self"):
        page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run().then((told) => told.violations)")
    grave = [
        (one["id"], one["help"], [node["html"] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert grave == [], json.dumps(grave, indent=1)
