"""model.json: what a network is, as strict JSON that is checked to the byte and readable without torch.

The description holds its own SHA-256, and is written twice: inside model.safetensors beside the hash of the tensors, and as model.json
beside the hash of that whole file.
"""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from glassnet.data.pixels import PixelSettings
from glassnet.errors import DataError, ModelFileError, RecipeError
from glassnet.networks.layers import parse
from glassnet.networks.shapes import Step, plan

VERSION = 1
FORMAT = "glassnet-model"
# No description that we write comes near this; reading more would be work for a stranger's sake.
MOST_BYTES = 16 * 2**20
MOST_CLASSES = 100_000


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class WeightsFile(_Strict):
    """The file of weights that belongs to a model.json."""

    file: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Description(_Strict):
    """Everything about a network but its numbers. `tensors` is the SHA-256 of names, types, shapes and bytes of all weights."""

    format: str = Field(pattern=f"^{FORMAT}$")
    version: int
    task: str = Field(pattern=r"^[a-z]{1,30}$")
    shape: list[int] = Field(min_length=3, max_length=3)
    classes: list[str] = Field(min_length=1, max_length=MOST_CLASSES)
    layers: list[Any] = Field(min_length=1)
    pixels: dict[str, Any]
    temperature: float = Field(gt=0, le=1e4)
    tensors: str = Field(pattern=r"^[0-9a-f]{64}$")
    extra: dict[str, Any]
    weights: WeightsFile | None = None

    def steps(self) -> tuple[Step, ...]:
        """Return the plan of the layers. Raises ModelFileError when they do not fit together, or are beyond what Glassnet builds."""
        try:
            channels, height, width = self.shape
            return plan(parse(self.layers), (channels, height, width), len(self.classes))
        except RecipeError as error:
            raise ModelFileError(f"The model describes a network that cannot be built: {error}") from error

    def pixel_settings(self) -> PixelSettings:
        """Return how pictures become the input. Raises ModelFileError when that disagrees with the shape."""
        try:
            settings = PixelSettings.from_dict(self.pixels)
        except DataError as error:
            raise ModelFileError(f"The model's pixel settings make no sense: {error}") from error
        if [settings.channels, settings.height, settings.width] != self.shape:
            raise ModelFileError(
                f"The model reads pictures of shape {self.shape} but its pixel settings make {self.pixels}."
            )
        return settings


def seal(values: dict[str, Any]) -> str:
    """Return `values` as the one text of a description, with its own SHA-256 at the end. Raises ValueError for a NaN or infinity."""
    return _dump({**values, "sha256": _digest(values)})


def open_sealed(text: str, name: str) -> Description:
    """Return the description that `seal` wrote. Raises ModelFileError when a byte of it is not what was written, or it makes no sense."""
    if len(text) > MOST_BYTES:
        raise ModelFileError(
            f"{name} has {len(text):,} characters; no description of a network is that long. It is refused."
        )
    values: Any = None
    try:
        values = json.loads(text, parse_constant=_no_constant)
        sound = isinstance(values, dict) and _dump(values) == text and values.pop("sha256", None) == _digest(values)
    except (ValueError, RecursionError):
        sound = False
    if not sound:
        raise ModelFileError(
            f"{name} is not what Glassnet wrote: it was damaged or changed by hand, and its SHA-256 does not agree. "
            "Take the model from its run again, or run `glassnet resume` there."
        )
    if values.get("format") == FORMAT and isinstance(values.get("version"), int) and values["version"] > VERSION:
        raise ModelFileError(
            f"{name} was written by a newer Glassnet (format {values['version']}, this one reads up to {VERSION}). Update Glassnet."
        )
    try:
        found = Description.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelFileError(
            f"{name} is no description of a network: {'.'.join(map(str, first['loc']))}: {first['msg']}."
        ) from None
    if len(set(found.classes)) != len(found.classes):
        raise ModelFileError(f"{name} names a class twice.")
    found.pixel_settings()
    return found


def read_description(path: str | Path) -> Description:
    """Read model.json, from its folder or by its own path, without torch. Raises ModelFileError when it is missing, damaged or hostile."""
    path = Path(path)
    path = path / "model.json" if path.is_dir() else path
    return open_sealed(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Return the text of a description, never more than its bound."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ModelFileError(
            f"There is no {path}. A model is a folder with model.safetensors and model.json in it."
        ) from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ModelFileError(f"{path} is not UTF-8 text, so it is damaged or no description of a network.") from None


def least_bytes(steps: tuple[Step, ...]) -> int:
    """Return how many bytes the weights of these steps take at least, before anything is allocated for them."""
    return sum(4 * (step.parameters + step.buffers) for step in steps)


def plain(value: Any, where: str) -> Any:
    """Return `value` if it is plain JSON that reads back equal. Raises ValueError that names the place otherwise (a bug of the caller)."""
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list | tuple):
        return [plain(each, where) for each in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(each, f"{where}.{key}") for key, each in value.items()}
    raise ValueError(f"{where} holds {value!r}, which is not plain JSON")


def _dump(values: Any) -> str:
    return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(_dump(values).encode("utf-8", "surrogatepass")).hexdigest()


def _no_constant(name: str) -> Any:
    raise ValueError(name)
