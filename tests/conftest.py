"""The way to the real sets, for every room that looks at them."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real():
    """Return the function from the name of a real set to its folder: beside the checkout, or in the folder that GLASSNET_REAL_DATA names.

    Without the set the test is skipped and says so, loudly, in the summary of every run.
    """
    base = Path(os.environ.get("GLASSNET_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")

    def find(name: str) -> Path:
        if not (base / name).exists():
            pytest.skip(f"THE REAL SET {name} IS ABSENT: put it into {base}, or name its folder in GLASSNET_REAL_DATA")
        return base / name

    return find
