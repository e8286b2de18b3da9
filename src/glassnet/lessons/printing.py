"""A page as PDF, through a Chromium that is on the machine anyway; nothing is installed and nothing is sent anywhere."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from glassnet import durable
from glassnet.errors import RecipeError, StorageError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_SECONDS = 90


def chromium() -> str | None:
    """Return the path of a Chromium: the one that CHROMIUM names, else one on the path; None where there is none."""
    named = os.environ.get("CHROMIUM")
    found = [named] if named else list(_NAMES)
    return next((path for path in map(shutil.which, found) if path), None)


def write_pdf(page: str, path: str | Path) -> Path:
    """Print an HTML page to a PDF file. Raises RecipeError without a Chromium, StorageError where it cannot be written."""
    browser = chromium()
    if browser is None:
        raise RecipeError(
            "A PDF is printed by Chromium or Chrome, and none was found (the variable CHROMIUM may name one). Write the sheet "
            "with --html FILE instead, open that file in any browser, and print it there (Ctrl+P) to paper or as PDF."
        )
    with tempfile.TemporaryDirectory(prefix="glassnet-print-") as folder:
        source, made = Path(folder) / "sheet.html", Path(folder) / "sheet.pdf"
        source.write_text(page, encoding="utf-8")
        command = [
            browser, "--headless", "--disable-gpu", "--disable-extensions", "--disable-background-networking", "--no-first-run",
            f"--user-data-dir={folder}/profile", "--no-pdf-header-footer", f"--print-to-pdf={made}",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium refuses its sandbox to root
        try:
            ended = subprocess.run([*command, source.as_uri()], capture_output=True, timeout=_SECONDS, check=False)
        except (subprocess.TimeoutExpired, OSError) as error:
            raise StorageError(
                f"{browser} did not print the sheet: {error}. Write it with --html FILE and print it there."
            ) from None
        if not made.exists() or not made.stat().st_size:
            said = ended.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise StorageError(
                f"{browser} did not print the sheet: {said[0][:300]}. Write it with --html FILE and print it there."
            )
        durable.write_bytes(path, made.read_bytes())
    return Path(path)
