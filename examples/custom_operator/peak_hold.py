"""The reference of PeakHold: what the kernel must give, in numpy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def reference(
    inputs: Sequence[Array], parameters: Mapping[str, Any], state: npt.NDArray[np.uint8]
) -> list[Array]:
    """int8 to int8 of the same shape; `state` is changed in place."""
    held = state.astype(np.int32).reshape(inputs[0].shape)
    value = inputs[0].astype(np.int32) - parameters["zero_point"]
    peak = np.maximum(value, held - (held >> parameters["decay"]))
    state[:] = peak.reshape(-1)
    return [(peak + parameters["zero_point"]).astype(np.int8)]
