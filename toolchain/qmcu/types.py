"""Types that every room shares: arrays by what is in them, and how progress is told.

`Array` is any; the others say their dtype in their name, shapes stand in docstrings.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

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
