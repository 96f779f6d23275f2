"""The records that kernels read from flash: each field named and placed once.

A record is a numpy structured dtype with the field names of its C struct; RECORDS says which struct
of which header that is, and a test compares every offset and size with what the C compiler makes
of the header. Assembly takes its offsets from the struct.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Int32Array = npt.NDArray[np.int32]


def _words(*names: str) -> np.dtype[Any]:
    return np.dtype([(name, "<i4") for name in names])


CHANNEL = _words("bias", "multiplier", "rounding", "shift")
ANY_CHANNEL = _words("bias", "multiplier", "shift")
SCALE = _words("multiplier", "left", "rounding", "right")
FILTER_PAIR = _words(
    *("multiplier0", "rounding0", "shift0", "multiplier1", "rounding1", "shift1"),
    *("joint_bias", "bias0"),
)
FILTER_QUAD = np.dtype(
    [
        *((n, "<i4") for n in ("joint_bias01", "bias0", "joint_bias23", "bias2")),
        ("requantization", "<i4", (4, 2)),
    ]
)
INT4_QUAD = np.dtype([("sums", "<i4", 4), ("requantization", "<i4", (4, 3))])
DEPTHWISE_CHANNEL = np.dtype(
    [("weights", "<i4", 6), *((n, "<i4") for n in ("bias", "multiplier", "rounding", "shift"))]
)
DEPTHWISE_PACKED = np.dtype([("columns", "<i4", 3), ("bias", "<i4"), ("multiplier", "<i4")])
MVE_CHANNEL = _words("bias", "multiplier", "shift")
MVE_DEPTHWISE_3X3 = np.dtype(
    [("weights", "i1", 11), ("shift", "i1"), ("bias", "<i4"), ("multiplier", "<i4")]
)

# C struct to its header and record.
RECORDS: dict[str, tuple[str, np.dtype[Any]]] = {
    "qmcu_channel": ("dsp.h", CHANNEL),
    "qmcu_any_channel": ("any_dsp.h", ANY_CHANNEL),
    "qmcu_scale": ("scale_dsp.h", SCALE),
    "qmcu_filter_pair": ("multiply_run_dsp.h", FILTER_PAIR),
    "qmcu_filter_quad": ("fully_connected_pair_dsp.h", FILTER_QUAD),
    "qmcu_int4_quad": ("multiply_int4_dsp.h", INT4_QUAD),
    "qmcu_depthwise_channel": ("depthwise_3x3_dsp.h", DEPTHWISE_CHANNEL),
    "qmcu_depthwise_packed": ("depthwise_3x3_packed_dsp.h", DEPTHWISE_PACKED),
    "qmcu_mve_channel": ("channel_mve.h", MVE_CHANNEL),
    "qmcu_mve_depthwise_3x3": ("depthwise_conv_2d_mve_3x3.h", MVE_DEPTHWISE_3X3),
}


def wrap(values: npt.ArrayLike) -> Int32Array:
    """Integers mod 2^32, as int32."""
    return ((np.asarray(values, np.int64) + 2**31) % 2**32 - 2**31).astype(np.int32)


def make(record: np.dtype[Any], count: int, **fields: npt.ArrayLike) -> npt.NDArray[np.void]:
    """`count` records with the named `fields`, each [count, ...], words mod 2^32; others are 0."""
    result = np.zeros(count, record)
    for name, values in fields.items():
        if result[name].dtype == np.dtype("<i4"):
            values = wrap(values)
        result[name] = values
    return result


def words(records: npt.NDArray[np.void]) -> Int32Array:
    """Records that consist of words as int32 [count, words]."""
    return np.ascontiguousarray(records).view("<i4").reshape(len(records), -1)
