"""Folders of small pictures with annotations, written by the tests themselves."""

import io
from pathlib import Path

import pytest
from PIL import Image


def _picture(width: int = 100, height: int = 80, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 150)).save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="session")
def picture():
    """The bytes of one plain picture of 100 × 80 pixels, or of another size."""
    return _picture


@pytest.fixture
def folder(tmp_path):
    """Write {path: bytes, text, or None for a picture} below a new folder and return it."""
    return _writer(tmp_path)


def _writer(base: Path):
    def write(files: dict[str, bytes | str | None], name: str = "things") -> Path:
        root = base / name
        root.mkdir(exist_ok=True)
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            body = _picture() if data is None else data.encode() if isinstance(data, str) else data
            (root / path).write_bytes(body)
        return root

    return write


@pytest.fixture(scope="session")
def things():
    """What a catalog says of one picture: things(catalog, "a.png") is its annotation."""

    def of(catalog, key):
        return next(example for example in catalog.examples if example.key == key).annotation

    return of


@pytest.fixture(scope="session")
def codes():
    """{picture: codes of its faults} of those that have any."""

    def of(catalog):
        found = {e.key: [fault.code for fault in e.annotation.faults] for e in catalog.examples}
        return {key: names for key, names in found.items() if names}

    return of
