"""CIFAR-10, the official binary release, downloaded once into the cache folder because the user asked for it by name."""

from collections.abc import Callable
from pathlib import Path

from glassnet.data.catalog import Catalog
from glassnet.data.fetch import cache_folder, fetch

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
SIZE = 170_052_171


def catalog(
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    url: str = URL,
    sha256: str = SHA256,
    size: int | None = SIZE,
) -> Catalog:
    """Return the catalog with its given train (50,000) and test (10,000) splits.

    Raises NetworkError when it is not in the cache and cannot be downloaded, DataError when the archive is not what it should be.
    """
    from glassnet.data.readers import cifar
    from glassnet.data.readers.listing import list_files

    folder = cache_folder() if cache is None else cache
    path = fetch(url, folder / "cifar-10-binary.tar.gz", sha256, size, progress)
    return cifar.read(list_files(path))
