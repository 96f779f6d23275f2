"""Small model files of every kind, made without the frameworks, and real ones kept beside."""

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from tests.support.small_models import dense

from qmcu.model.writer import write_model

DATA = Path(__file__).parents[1] / "size" / "data"
NAMES = {"float32": "F32", "float16": "F16", "int8": "I8", "int32": "I32"}


def safetensors_bytes(
    arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None
) -> bytes:
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    at = 0
    for name, array in arrays.items():
        header[name] = {
            "dtype": NAMES[array.dtype.name], "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }  # fmt: skip
        at += array.nbytes
    return with_header(header, b"".join(a.tobytes() for a in arrays.values()))


def with_header(header: object, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def small_arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "a.weight": rng.normal(size=(8, 16)).astype(np.float32),
        "a.bias": rng.normal(size=8).astype(np.float32),
        "b.weight": rng.normal(size=(4, 8)).astype(np.float16),
    }


def varint(value: int) -> bytes:
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def field(number: int, content: bytes | int) -> bytes:
    """One protobuf field: a varint or bytes."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def onnx_bytes() -> bytes:
    """y = Conv(x, w, b) with float32 weights, as the wire format has it."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=(4, 3, 3, 3)).astype("<f4")
    dims = b"".join(field(1, d) for d in w.shape)
    weight = dims + field(2, 1) + field(8, b"w") + field(9, w.tobytes())
    bias = field(1, 4) + field(2, 1) + field(8, b"b") + field(9, np.zeros(4, "<f4").tobytes())
    node = b"".join(field(1, n) for n in (b"x", b"w", b"b")) + field(2, b"y") + field(4, b"Conv")
    graph = field(1, node) + field(2, b"g") + field(5, weight) + field(5, bias)
    return field(1, 8) + field(7, graph)


def gguf_bytes() -> bytes:
    """A GGUF file: Q4_K [4, 256] of 4 x 144 bytes, and float32 [32]."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
        extents = b"".join(struct.pack("<Q", d) for d in shape[::-1])
        head = text(name) + struct.pack("<I", len(shape)) + extents
        return head + struct.pack("<IQ", kind, offset)

    head = b"GGUF" + struct.pack("<IQQ", 3, 2, 2)
    head += text("general.name") + struct.pack("<I", 8) + text("small")
    head += text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    head += tensor("blk.0.weight", (4, 256), 12, 0) + tensor("norm.weight", (32,), 0, 576)
    head += bytes(-len(head) % 32)
    return head + bytes(576 + 128)


def make(folder: Path) -> dict[str, Path]:
    """One file of each kind that needs no framework, by kind."""
    arrays = small_arrays()
    found = {
        "safetensors": folder / "m.safetensors", "npz": folder / "m.npz",
        "packed npz": folder / "p.npz", "tflite": folder / "m.tflite", "onnx": folder / "m.onnx",
        "torch": folder / "m.pt", "gguf": folder / "m.gguf",
    }  # fmt: skip
    found["safetensors"].write_bytes(safetensors_bytes(arrays, {"format": "np"}))
    np.savez(found["npz"], allow_pickle=False, **arrays)
    np.savez_compressed(found["packed npz"], allow_pickle=False, **arrays)
    found["tflite"].write_bytes(write_model(dense()))
    found["onnx"].write_bytes(onnx_bytes())
    found["torch"].write_bytes((DATA / "torch-checkpoint.pt").read_bytes())
    found["gguf"].write_bytes(gguf_bytes())
    return found


def make_h5(path: Path) -> Path:
    """A small HDF5 file, with one dataset in compressed chunks."""
    import h5py

    with h5py.File(path, "w") as file:
        for name, array in small_arrays().items():
            file[f"layers/{name.replace('.', '/')}"] = array
        kernel = np.arange(6400, dtype=np.float32).reshape(80, 80)
        file.create_dataset("layers/c/kernel", data=kernel, chunks=(32, 32), compression="gzip",
                            shuffle=True)  # fmt: skip
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential"})
    return path


def make_keras(path: Path, weights: Path, compression: int = zipfile.ZIP_STORED) -> Path:
    """A .keras archive around weights in HDF5."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps({"class_name": "Sequential"}))
        archive.write(weights, "model.weights.h5")
    return path
