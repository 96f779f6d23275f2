"""How pictures and sounds become a model's numbers: stated once, and kept with the model.

`convert` writes it into the .tflite as metadata; `vectors make` reads it from there, and the C
library's header says it in words, so that the device is fed what the calibration was made of.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from qmcu.errors import ModelError, UsageError
from qmcu.model.schema import schema
from qmcu.model.unpack import AlignedBuffer, buffer_data, pack_model, unpack_model

METADATA = "qmcu_preprocessing"


@dataclass(frozen=True)
class Preprocessing:
    """Real value = (sample * scale - mean) / std, `mean` and `std` one or one a channel.

    `kind` is image (samples 0 to 255, resized to `height` x `width`, bilinear) or audio (samples
    -32768 to 32767, cut or filled with zeros to the input's length).
    """

    kind: str
    scale: float
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    height: int = 0
    width: int = 0
    front_end: str = ""

    def __post_init__(self) -> None:
        if self.kind not in ("image", "audio"):
            raise UsageError(f"there is no preprocessing {self.kind!r}; image and audio are known.")
        if not all(self.std):
            raise UsageError("--std has a zero, by which nothing can be divided.")

    def __str__(self) -> str:
        if self.front_end:
            return f"16-bit samples through the front end {self.front_end}"
        if self.kind == "audio":
            text = "16-bit samples"
        else:
            text = f"pixels 0 to 255, resized to {self.height} x {self.width} (bilinear),"
        text += f" times {self.scale:.9g}"
        if any(self.mean):
            text += f", less {_numbers(self.mean)}"
        if any(s != 1 for s in self.std):
            text += f", divided by {_numbers(self.std)}"
        return text


def read_preprocessing(model: bytes, source: str = "model") -> Preprocessing | None:
    """What a .tflite says about its inputs, None where it says nothing.

    Raises ModelError when what it says cannot be read.
    """
    table = unpack_model(model, source)
    for entry in table.metadata or []:
        if _text(entry.name) != METADATA:
            continue
        try:
            fields = json.loads(bytes(table.buffers[entry.buffer].data).decode())
            fields |= {key: tuple(fields[key]) for key in ("mean", "std")}
            return Preprocessing(**fields)
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            RecursionError,
            UsageError,
        ) as error:
            raise ModelError(
                f"{source}: its metadata {METADATA} cannot be read ({error}); convert it again."
            ) from error
    return None


def write_preprocessing(model: bytes, given: Preprocessing) -> bytes:
    """The .tflite with this metadata; all else stays."""
    table = unpack_model(model, "model")
    content = json.dumps(asdict(given), sort_keys=True).encode()
    contents = [
        buffer_data(model, i, b, "model") if i else None for i, b in enumerate(table.buffers)
    ]
    buffers = [AlignedBuffer() for _ in range(len(contents) + 1)]
    for buffer, data in zip(buffers, [*contents, content], strict=True):
        buffer.data = data
    entry: Any = schema.MetadataT()
    entry.name, entry.buffer = METADATA, len(contents)
    table.buffers = buffers
    table.metadata = [*(table.metadata or []), entry]
    return pack_model(table)


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
