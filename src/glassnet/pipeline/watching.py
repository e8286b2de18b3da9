"""Pictures as they arrive in a folder: found by looking, since that works on every system and on network drives too."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from glassnet.errors import DataError
from glassnet.pipeline.predict import is_picture

_EVERY = 0.5  # seconds between looks


def arriving(folder: Path, stop: Callable[[], bool] = lambda: False) -> Iterator[Path]:
    """Yield every picture in `folder` (not below it), those that are there first, then each that comes or changes, until `stop` says so.

    A file is taken when two looks in a row find it with the same size and time, so that none is read while it is still being written.
    Raises DataError when there is no such folder, also when it goes away later.
    """
    seen: dict[Path, tuple[int, int]] = {}
    done: dict[Path, tuple[int, int]] = {}
    while True:
        try:
            found = {
                Path(entry.path): (entry.stat().st_size, entry.stat().st_mtime_ns)
                for entry in os.scandir(folder)
                if is_picture(Path(entry.name)) and entry.is_file()
            }
        except FileNotFoundError:
            if folder.is_dir():
                continue  # a file went away while it was looked at
            raise DataError(f"There is no folder {folder} to watch.") from None
        except NotADirectoryError:
            raise DataError(f"{folder} is a file; name the folder to watch.") from None
        for path, stamp in sorted(found.items()):
            if seen.get(path) == stamp and done.get(path) != stamp:
                done[path] = stamp
                yield path
        seen = found
        if stop():
            return
        time.sleep(_EVERY)
