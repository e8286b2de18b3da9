"""The exception tree: one class per exit code, so that a caller can tell what went wrong without reading the sentence.

Messages are one to four plain sentences: what was looked for, what was found, why it matters, what to do.
"""


class GlassnetError(Exception):
    """Any failure that Glassnet explains in its own words. `exit_code` is what the command line returns."""

    exit_code = 70


class RecipeError(GlassnetError):
    """Raised when what the user asked for cannot be understood or does not fit together: recipe, option, layer list."""

    exit_code = 2


class DataError(GlassnetError):
    """Raised when pictures or annotations are refused: nothing found, unreadable, or not enough left to train on."""

    exit_code = 3


class ModelFileError(GlassnetError):
    """Raised when a model file is refused: pickle, damaged, altered, or written by a newer Glassnet."""

    exit_code = 4


class StorageError(GlassnetError):
    """Raised when bytes that must survive could not be written or read back: full disk, permission, damaged checkpoint."""

    exit_code = 5


class OutOfMemoryError(GlassnetError):
    """Raised when the network and batch do not fit the memory of the device."""

    exit_code = 6


class NumericError(GlassnetError):
    """Raised when training met too many steps with a NaN or an infinity; the last good weights are kept."""

    exit_code = 7


class LedgerError(GlassnetError):
    """Raised when the ledger cannot be read or written, or refuses a row."""

    exit_code = 8


class NetworkError(GlassnetError):
    """Raised when a download the user asked for fails, or a port cannot be opened."""

    exit_code = 9


class InterruptedRun(GlassnetError):  # noqa: N818  it is a state, not a fault: everything is saved
    """Raised after SIGINT or SIGTERM once the run is saved; `glassnet resume` continues it to the same bits."""

    exit_code = 75
