"""Types that every room shares: arrays by what is in them, numbers of documents by their limits.

`Array` is any; the others say their dtype in their name, shapes stand in docstrings. Limits are
checked when a document is read, and told by its published schema.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta

Array = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]
Int8Array = npt.NDArray[np.int8]
Int16Array = npt.NDArray[np.int16]
Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
Shape = tuple[int, ...]
# Called with how many of how many are done.
Progress = Callable[[int, int], None]
# The same with the name of the stage before it.
Stages = Callable[[str, int, int], None]
# How many, or which one from 0; how many of what is never none; any amount, such as seconds.
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Amount = Annotated[float, Meta(ge=0)]
# A share, a rate or a chance.
Fraction = Annotated[float, Meta(ge=0, le=1)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
# The same, or nothing for an image that does not tell.
ImageSha256 = Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")]
# Any value of a tensor. JSON has no number for the last three: documents hold them in words.
Number = int | float | Literal["NaN", "Infinity", "-Infinity"]
