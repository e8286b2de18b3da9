"""The files of a data set as the layouts see them, whether they lie in a folder or in archives: paths first, bytes only on request.

A folder of 50,000 files is listed in well under a second: one `os.scandir` per folder, no object per file but its path.
"""

import difflib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from glassnet.data.archives import is_archive
from glassnet.data.catalog import Quarantined
from glassnet.data.sources import ArchiveSource, FolderSource
from glassnet.errors import DataError

PICTURES = frozenset((".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".gif", ".tif", ".tiff"))
"""Endings that are read; what a file really is, its header says later."""
_UNREAD = frozenset(
    (
        ".heic",
        ".heif",
        ".avif",
        ".jp2",
        ".jxl",
        ".psd",
        ".svg",
        ".ico",
        ".raw",
        ".cr2",
        ".nef",
        ".arw",
        ".dng",
        ".ppm",
        ".pgm",
        ".tga",
    )
)
_CLUTTER = frozenset(("thumbs.db", "desktop.ini", "__macosx", "@eadir"))
_SPLIT_WORDS = re.compile(r"(?:^|[^a-z])(train|training|val|valid|validation|test|testing)(?:[^a-z]|$)")


@dataclass
class Listing:
    """Every file of a data set. `pictures` and `others` map the path that the layout looks at to the key that `source` reads.

    For a folder both are the same; for archives the key also names the archive, and a path may gain `train/` from its file name.
    """

    root: str
    source: FolderSource | ArchiveSource
    pictures: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    skipped: list[str] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, path: str, key: str) -> None:
        """File one path under pictures, others, skipped or quarantined, by its name alone."""
        name = path.rpartition("/")[2]
        try:
            path.encode("utf-8")
        except UnicodeEncodeError:
            shown = key.encode("utf-8", "backslashreplace").decode()
            self.quarantined.append(
                Quarantined(shown, "its name is not valid UTF-8, so it cannot be written down; rename it")
            )
            return
        if name.startswith(".") or name.lower() in _CLUTTER:
            self.skipped.append(key)
            return
        ending = os.path.splitext(name)[1].lower()  # noqa: PTH122  a Path per file would cost more than listing it
        if ending in PICTURES:
            self.pictures[path] = key
        elif ending in _UNREAD:
            self.quarantined.append(
                Quarantined(key, f"{ending[1:].upper()} files are not read; convert it to JPEG or PNG")
            )
        else:
            self.others[path] = key

    def text(self, path: str, limit: int = 64 << 20) -> str:
        """Return a small UTF-8 text file. Raises DataError for what is no such thing, with the line of the first bad byte."""
        data = self.source.read(self.others[path])
        if len(data) > limit:
            raise DataError(f"{self.root}: {path} has {len(data):,} bytes, too many for a table of labels.")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            hint = (
                "it looks like UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else f"byte 0x{data[error.start]:02x}"
            )
            raise DataError(
                f"{self.root}: {path} is not UTF-8 text (line {line}: {hint}). Names would be misread, so nothing is; "
                "save it again as UTF-8."
            ) from None

    def tops(self) -> Counter[str]:
        """Count the pictures below each top folder; the empty name counts those at the root."""
        return Counter(path.partition("/")[0] if "/" in path else "" for path in self.pictures)

    def below(self, folder: str) -> "Listing":
        """Return the listing as seen from inside one folder; keys stay the same."""
        start, cut = folder + "/", len(folder) + 1
        inner = Listing(self.root, self.source)
        inner.pictures = {p[cut:]: k for p, k in self.pictures.items() if p.startswith(start)}
        inner.others = {p[cut:]: k for p, k in self.others.items() if p.startswith(start)}
        inner.folders = {f[cut:] for f in self.folders if f.startswith(start)}
        outside = [k for p, k in self.others.items() if not p.startswith(start)]
        inner.skipped = self.skipped + outside
        inner.quarantined, inner.notes = list(self.quarantined), list(self.notes)
        return inner


def list_files(root: str | Path) -> Listing:
    """List a folder, one archive, or a folder of archives. Raises DataError that says what stands there instead."""
    path = Path(root)
    if path.is_file():
        if is_archive(path.name):
            return _of_archives(path, [path])
        raise DataError(_wrong_file(path))
    if not path.is_dir():
        raise DataError(_missing(path))
    listing = _of_folder(path)
    archives = [key for key in listing.others if is_archive(key)]
    if archives and not listing.pictures:
        inside = _of_archives(path, [path / key for key in sorted(archives) if "/" not in key])
        inside.skipped += listing.skipped + [key for key in listing.others if key not in archives]
        inside.quarantined += listing.quarantined
        return inside
    return listing


def _of_folder(root: Path) -> Listing:
    listing = Listing(os.fspath(root), FolderSource(os.path.abspath(root)))  # noqa: PTH100  links stay as the user wrote them
    real = os.path.realpath(root)
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(f"{root}/{folder}" if folder else root) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            listing.quarantined.append(
                Quarantined(folder or ".", f"the folder cannot be read: {error.strerror or error}")
            )
            continue
        for entry in found:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink() and not _link_stays(listing, entry, path, real):
                continue
            if entry.is_dir():
                if entry.name.startswith(".") or entry.name.lower() in _CLUTTER:
                    listing.skipped.append(path + "/")
                else:
                    listing.folders.add(path)
                    pending.append(path)
            elif entry.is_file():
                listing.add(path, path)
            else:
                listing.quarantined.append(Quarantined(path, "it is a device, a pipe or a socket, not a file"))
    return listing


def _link_stays(listing: Listing, entry: os.DirEntry, path: str, real: str) -> bool:
    """Say whether a symbolic link is a file inside the data set; everything else about it is put down where it belongs."""
    target = os.path.realpath(entry.path)
    if not os.path.exists(target):  # noqa: PTH110
        listing.quarantined.append(Quarantined(path, "it is a link to something that does not exist"))
    elif target != real and not target.startswith(real + os.sep):
        listing.quarantined.append(Quarantined(path, f"it is a link that leaves the data set (to {target})"))
    elif os.path.isdir(target):  # noqa: PTH112
        # Following it would read the same pictures twice, or never end.
        listing.skipped.append(path + "/")
    else:
        return True
    return False


def _of_archives(root: Path, paths: list[Path]) -> Listing:
    source = ArchiveSource(*paths)
    listing = Listing(os.fspath(root), source)
    for name, archive in source.archives.items():
        split = _split_in(name) if len(paths) > 1 and not _has_split_folder(archive.members) else ""
        prefix = f"{split}/" if split else ""
        for folder in archive.folders:
            listing.folders.add(prefix + folder)
        for member in archive.members:
            listing.folders.update(_parents(prefix + member))
            hidden = next(
                (part for part in member.split("/")[:-1] if part.startswith(".") or part.lower() in _CLUTTER), None
            )
            if hidden is not None:
                listing.skipped.append(f"{name}/{member}")
            elif prefix + member in listing.pictures:
                reason = f"{member} stands in several of the archives; the first one is used"
                listing.quarantined.append(Quarantined(f"{name}/{member}", reason))
            else:
                listing.add(prefix + member, f"{name}/{member}")
        for member, reason in archive.faults:
            listing.quarantined.append(Quarantined(f"{name}/{member}".rstrip("/"), reason))
    return listing


def _split_in(name: str) -> str:
    found = _SPLIT_WORDS.search(name.lower())
    return found.group(1) if found else ""


def _has_split_folder(members: Iterable[str]) -> bool:
    return any(_SPLIT_WORDS.fullmatch(part.lower()) for m in members for part in m.split("/")[:2] if "/" in m)


def _parents(path: str) -> Iterator[str]:
    at = path.rfind("/")
    while at > 0:
        yield path[:at]
        at = path.rfind("/", 0, at)


def _wrong_file(path: Path) -> str:
    ending = path.suffix.lower()
    if ending == ".csv":
        return f"{path} is a table; name the folder it lies in, and its pictures are found from there."
    if ending in PICTURES:
        return f"{path} is one picture; to learn from, name a folder of them, one folder per class."
    if ending in (".7z", ".rar", ".bz2", ".xz", ".zst"):
        return (
            f"{path} is an archive of a kind that is not read; .zip, .tar and .tar.gz are. Pack it again, or unpack it."
        )
    return f"{path} is a file, but no archive that is read (.zip, .tar, .tar.gz, .tgz), and no folder."


def _missing(path: Path) -> str:
    parent = path.parent
    try:
        names = sorted(entry.name for entry in os.scandir(parent) if not entry.name.startswith("."))
    except OSError:
        return f"No pictures were found at {path}: the folder {parent} does not exist or cannot be read."
    near = difflib.get_close_matches(path.name, [*names, "xo", "digits", "shapes", "cifar10"], n=3, cutoff=0.5)
    where = "the current folder" if parent == Path() else str(parent)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"No pictures were found at {path}: there is no such folder or archive in {where}.{hint} "
        "Built-in names are xo, digits, shapes and cifar10."
    )
