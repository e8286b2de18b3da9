"""Model files that are refused before anything in them is read, each with the sentence that says why and what to do."""

from pathlib import Path

from glassnet.errors import ModelFileError

_PICKLE = "It is a pickle, and opening one runs whatever program is inside it. Glassnet never does that."
_WAY_OUT = "Train the network again with Glassnet, or save the weights as .safetensors where they were made."
_SUFFIXES = {
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".bin"), f"{_PICKLE} {_WAY_OUT}"),
    **dict.fromkeys((".pkl", ".pickle", ".joblib", ".npy", ".npz"), f"{_PICKLE} {_WAY_OUT}"),
    ".h5": f"Keras' HDF5 files can hold programs (Lambda layers) and are not read here. {_WAY_OUT}",
    ".hdf5": f"Keras' HDF5 files can hold programs (Lambda layers) and are not read here. {_WAY_OUT}",
    ".keras": f"Keras' files can hold programs (Lambda layers) and are not read here. {_WAY_OUT}",
    ".onnx": "ONNX is a format that networks are exported to; it does not say how to go on training. Use the run it was exported from.",
    ".pb": f"TensorFlow's graphs are not read here. {_WAY_OUT}",
    ".tflite": f"TensorFlow Lite files are not read here. {_WAY_OUT}",
}
_BEGINNINGS = {
    b"PK\x03\x04": f"It is a zip file, as torch.save and Keras write them. {_PICKLE} {_WAY_OUT}",
    b"\x89HDF": _SUFFIXES[".h5"],
    b"\x80\x02": f"{_PICKLE} {_WAY_OUT}",
    b"\x80\x03": f"{_PICKLE} {_WAY_OUT}",
    b"\x80\x04": f"{_PICKLE} {_WAY_OUT}",
    b"\x80\x05": f"{_PICKLE} {_WAY_OUT}",
}


def refuse_foreign(path: Path) -> None:
    """Raise ModelFileError when the name or the first bytes of `path` are those of a format that is never opened."""
    sentence = _SUFFIXES.get(path.suffix.lower())
    if sentence is None and path.is_file():
        try:
            with path.open("rb") as file:
                beginning = file.read(10)
        except OSError as error:
            raise ModelFileError(f"{path} cannot be read: {error.strerror or error}.") from error
        # A safetensors file begins with the length of its header and an opening brace; a length may happen to look like a pickle's mark.
        if beginning[8:9] != b"{":
            sentence = next((text for mark, text in _BEGINNINGS.items() if beginning.startswith(mark)), None)
    if sentence is not None:
        raise ModelFileError(f"{path} is refused. {sentence}")
