"""Names of runs: readable, and never given twice, whatever number of processes begin at the same moment. Imports nothing heavy."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

from glassnet import durable
from glassnet.errors import RecipeError, StorageError
from glassnet.runs.folder import LEDGER, RunFolder


def network_name(network: str | tuple | list) -> str:
    """Return a short name: the preset, or `layers-` and four hex digits that tell one layer list from another."""
    if isinstance(network, str):
        return network
    return "layers-" + hashlib.sha256(json.dumps(network, sort_keys=True).encode()).hexdigest()[:4]


def stem(root: str, network: str | tuple | list) -> str:
    """Return the readable first part of a run's name: `photos-fast` for data root `~/photos` and network `fast`."""
    words = Path(re.sub(r"\.(tar\.gz|tgz|tar|zip)$", "", root.rstrip("/\\"))).name or "pictures"
    return f"{_slug(words) or 'pictures'}-{_slug(network_name(network)) or 'network'}"


def create(out: str | Path, stem: str, taken: Collection[str] = (), name: str | None = None) -> RunFolder:
    """Make the folder of a new run: `name` as the user gave it, or `stem` and the next free number (photos-fast-001).

    Two processes never get the same folder. Numbers in `taken` (names the ledger remembers) are not given twice either.
    Raises RecipeError for a name that is taken or cannot be a folder's name, StorageError when no folder can be made.
    """
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        if name is not None:
            check_name(name)
            if (out / name).exists():
                raise RecipeError(
                    f"There is already a run {name!r} in {out}. Choose another --name, or go on with it: `glassnet resume {name}`."
                )
            (out / name).mkdir()
            made = out / name
        else:
            made = _numbered(out, stem, taken)
    except OSError as error:
        raise StorageError(durable.why(out, error)) from error
    durable.sync_folder(out)
    return RunFolder(made)


def _numbered(out: Path, stem: str, taken: Collection[str]) -> Path:
    pattern = re.compile(re.escape(stem) + r"-(\d+)")
    used = [int(m[1]) for name in (*(p.name for p in out.iterdir()), *taken) if (m := pattern.fullmatch(name))]
    number = max(used, default=0) + 1
    while True:
        path = out / f"{stem}-{number:03d}"
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path


def _slug(text: str) -> str:
    text = unicodedata.normalize("NFC", text).lower()
    return re.sub(r"-+", "-", "".join(c if c.isalnum() else "-" for c in text)).strip("-")[:40].strip("-")


def check_name(name: str) -> None:
    """Raise RecipeError for what cannot be the name of a run."""
    bad = re.search(r'[\x00-\x1f\x7f/\\:*?"<>|]', name)
    if (
        not name
        or bad
        or name.startswith((".", "-", "~"))
        or name != name.strip()
        or name.endswith(".")
        or name in ("last", LEDGER)
    ):
        raise RecipeError(
            f"{name!r} cannot be the name of a run. Use letters, digits, spaces inside, dots, dashes and underscores; "
            "it must not begin with a dot or a dash, and `last` means the newest run."
        )
    if len(name.encode()) > 120:
        raise RecipeError(f"A run's name may have 120 bytes; this one has {len(name.encode())}.")
