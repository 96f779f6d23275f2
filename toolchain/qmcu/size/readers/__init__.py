"""Model files in, `Contents` out: one module a format, imported when a file of it is met.

`read_contents` chooses by the file's first bytes, and by its name where those do not tell.
"""

import importlib
from pathlib import Path
from typing import cast

from qmcu.errors import ModelError
from qmcu.size.contents import Contents
from qmcu.size.readers.shards import is_shards

_BY_SUFFIX = {
    ".tflite": "tflite", ".keras": "keras", ".h5": "hdf5", ".hdf5": "hdf5", ".onnx": "onnx",
    ".safetensors": "safetensors", ".pt": "torch_zip", ".pth": "torch_zip", ".ckpt": "torch_zip",
    ".bin": "torch_zip", ".npz": "npz", ".gguf": "gguf",
}  # fmt: skip
KINDS = (
    ".tflite, .keras, .h5, a SavedModel folder, .onnx, .safetensors, a folder of its shards, .pt, "
    ".pth, .npz, .gguf"
)


def read_contents(path: Path) -> Contents:
    """What is in a model file or folder. Raises ModelError, naming the file and what is wrong."""
    if is_shards(path) and not (path / "saved_model.pb").is_file():
        name = "shards"
    elif path.is_dir():
        name = "saved_model"
    elif not path.exists():
        raise ModelError(f"{path} does not exist.")
    elif not path.is_file():
        raise ModelError(f"{path} is neither a file nor a folder.")
    else:
        name = _by_content(path) or _BY_SUFFIX.get(path.suffix.lower(), "")
    if not name:
        raise ModelError(f"{path} is of no kind that is known here; these are: {KINDS}.")
    reader = importlib.import_module(f"qmcu.size.readers.{name}")
    return cast(Contents, reader.read(path))


def _by_content(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    if head[4:8] == b"TFL3":
        return "tflite"
    if head[:8] == b"\x89HDF\r\n\x1a\n":
        return "hdf5"
    if head[:4] == b"GGUF":
        return "gguf"
    return ""
