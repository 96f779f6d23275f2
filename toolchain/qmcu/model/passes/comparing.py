"""What operators give that only compare elements: nothing is rounded, of real numbers either."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from qmcu.model.graph import Operator
from qmcu.types import Array


def _sign(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    """1 above 0, -1 below, otherwise 0: of what is not a number, too."""
    (source,) = inputs
    above, below = (source > 0).astype(source.dtype), (source < 0).astype(source.dtype)
    return [above - below]


def _top_k(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    """The largest of each row and their places; of equal ones the first comes first."""
    source, count = inputs[0], int(inputs[1].item())
    length = source.shape[-1]
    if not 0 < count <= length:
        raise ValueError("count")
    backwards = np.argsort(source[..., ::-1], axis=-1, kind="stable")[..., ::-1]
    places = (length - 1 - backwards)[..., :count]
    return [np.take_along_axis(source, places, -1), places.astype(np.int32)]


def _bucketize(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    """How many boundaries are not above each element, as float32."""
    values = inputs[0].astype(np.float32)
    boundaries = boundaries_of(operator)
    return [np.searchsorted(boundaries, values, side="right").astype(np.int32)]


def boundaries_of(operator: Operator) -> Array:
    """The boundaries of a BUCKETIZE, float32. Raises ValueError where they do not ascend."""
    given = operator.options.get("boundaries", ())
    boundaries = np.array(given if isinstance(given, tuple) else (), np.float32)
    if not (boundaries[:-1] <= boundaries[1:]).all() or np.isnan(boundaries).any():
        raise ValueError("boundaries")
    return boundaries


# Of elements of any type.
COMPARING: Mapping[str, Callable[[Operator, Sequence[Array]], Sequence[Array]]] = {
    "BUCKETIZE": _bucketize,
    "SIGN": _sign,
    "TOPK_V2": _top_k,
}
