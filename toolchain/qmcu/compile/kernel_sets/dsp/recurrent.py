"""UNIDIRECTIONAL_SEQUENCE_LSTM and SVDF of int8 for the DSP extension.

Four filters at a time multiply one input: the four gates of an LSTM's unit, four filters of an
SVDF. Sums and products are scaled by one high product where no value leaves its bits.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets import records
from qmcu.compile.kernel_sets.dsp.elementwise import portable
from qmcu.compile.kernel_sets.dsp.filters import (
    LARGEST_OF_PAIRS,
    fill,
    fits_halfwords,
    join_quads,
)
from qmcu.compile.kernel_sets.dsp.general import STEP, pack_filters
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import (
    Argument,
    ConstantArgument,
    FieldValue,
    KernelCall,
    ParametersArgument,
    ScratchArgument,
)

_GROUP = 4
# Products of two int16, of which one is a function's value below 2^15.
_LARGEST_PRODUCT = (1 << 15) * ((1 << 15) - 1)
Int64Array = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
Int16Array = npt.NDArray[np.int16]
# Weights and what sums begin with, as a kernel's multiplication has them.
Packed = tuple[npt.NDArray[np.int8], Int32Array]
# A multiplier, a shift to the left, the largest size of what is scaled.
Scale = tuple[int, int, int]


def _scales(wanted: Sequence[Scale]) -> Int32Array:
    """qmcu_scale of each, as scale_dsp.h says."""
    result = records.make(records.SCALE, len(wanted))
    for i, (multiplier, shift, largest) in enumerate(wanted):
        left, right = max(shift, 0), max(-shift, 0)
        high = ((largest << left) * multiplier >> 31) + 1
        proved = largest << left < 1 << 30 and 2 * high + (1 << right) + 2 < 1 << 31
        result[i] = (
            (multiplier, left + 1, 1 << right, right + 1) if proved else (multiplier, 0, shift, 0)
        )
    return records.words(result)


def _values(call: KernelCall, ending: str) -> Int64Array:
    """A constant of the portable call."""
    for argument in call.arguments:
        constant = argument.constant if isinstance(argument, ConstantArgument) else None
        if constant is not None and constant.name.endswith(ending):
            kind = {"int8_t": "i1", "int16_t": "<i2", "int32_t": "<i4"}[constant.ctype]
            return np.frombuffer(constant.data, kind).reshape(constant.shape).astype(np.int64)
    raise ValueError(f"{call.kernel} has no {ending}")


def _largest(weights: Int64Array, most: int, bias: Int64Array) -> int:
    """The largest size of a sum of weights [sums, values] times values up to `most`."""
    return int((np.abs(weights).sum(axis=1) * most + np.abs(bias)).max())


def _integers(fields: dict[str, FieldValue], name: str) -> tuple[int, ...]:
    value = fields[name]
    found = value if isinstance(value, tuple) else (value,)
    return tuple(int(v) for v in found)


def _call(
    call: KernelCall,
    ending: str,
    fields: dict[str, FieldValue],
    packed: dict[str, ConstantArgument],
    scales: ConstantArgument,
    scratch: int,
) -> KernelCall:
    """The call with `packed` constants by their names' ends, scales behind them, and scratch."""
    kernel = f"{call.kernel}{ending}"
    arguments: list[Argument] = []
    added = False
    for argument in call.arguments:
        constant = argument.constant if isinstance(argument, ConstantArgument) else None
        ends = [e for e in packed if constant is not None and constant.name.endswith(e)]
        if isinstance(argument, ParametersArgument):
            argument = ParametersArgument(f"qmcu_{kernel}_params", tuple(fields.items()))
        elif ends:
            argument = packed[max(ends, key=len)]
        # Scales come before the table of an LSTM, the state of an SVDF.
        last = constant is not None and constant.name.endswith("_table")
        if not added and (last or (len(arguments) > 1 and constant is None)):
            arguments.append(scales)
            added = True
        arguments.append(argument)
    arguments.insert(-1, ScratchArgument(max(4, scratch)))
    return replace(call, kernel=kernel, arguments=tuple(arguments))


def _filled(count: int) -> int:
    """What a copy takes of a row that does not end with a step; others are read where they are."""
    return -(-count // STEP) * STEP if count % STEP else 0


def lstm(context: OperatorContext) -> KernelCall | None:
    """UNIDIRECTIONAL_SEQUENCE_LSTM of int8: the four gates of a unit side by side."""
    return _lstm(context, "_dsp", _side_by_side)


def lstm_pair(context: OperatorContext) -> KernelCall | None:
    """The same with two gates' weights in a halfword, where they and their sums fit."""
    return _lstm(context, "_pair_dsp", _in_pairs)


def _side_by_side(rows: Int64Array, biases: Int64Array) -> Packed:
    return pack_filters(rows.astype(np.int8), _GROUP), biases.astype(np.int32)


def _in_pairs(rows: Int64Array, biases: Int64Array) -> Packed | None:
    """What dot_4_pair_dsp.h has, of `rows` [units * gates, values] and `biases` [units, gates]."""
    if not fits_halfwords(rows) or _largest(rows, 128, biases.reshape(-1)) >= LARGEST_OF_PAIRS:
        return None
    joint = biases[:, 0::2] + 256 * biases[:, 1::2]
    sums = np.stack((joint, biases[:, 0::2]), axis=2).reshape(biases.shape)
    return join_quads(fill(rows, STEP)).view(np.int8), records.wrap(sums)


def _lstm(
    context: OperatorContext, ending: str, pack: Callable[[Int64Array, Int64Array], Packed | None]
) -> KernelCall | None:
    call, fields = portable(context)
    if call.kernel != "lstm":
        return None
    packed, wanted = {}, []
    for prefix, weights, bias in (("", "_weights", "_bias"),
                                  ("recurrent_", "_recurrent", "_recurrent_bias")):  # fmt: skip
        values, biases = _values(call, weights), _values(call, f"_{prefix}bias")
        multipliers = _integers(fields, f"{prefix}multipliers")
        for gate, pair in enumerate(
            zip(multipliers, _integers(fields, f"{prefix}shifts"), strict=True)
        ):
            wanted.append((*pair, _largest(values[gate], 128, biases[gate])))
        rows = values.transpose(1, 0, 2).reshape(-1, values.shape[2])
        found = pack(rows, np.ascontiguousarray(biases.T))
        if found is None:
            return None
        packed[weights] = context.constant(weights[1:], found[0], "weights")
        packed[f"{call.layer}{bias}"] = context.constant(bias[1:], found[1], "bias")
    for name in ("forget", "cell", "hidden"):
        (multiplier,), (shift,) = (
            _integers(fields, f"{name}_{part}") for part in ("multiplier", "shift")
        )
        wanted.append((multiplier, shift, _LARGEST_PRODUCT))
    scales = context.constant("scales", _scales(wanted), "requantization")
    (depth,), (units,) = (_integers(fields, f"sizes.{name}") for name in ("depth", "units"))
    return _call(call, ending, fields, packed, scales, _filled(depth) + _filled(units))


def svdf(context: OperatorContext) -> KernelCall | None:
    """SVDF with a state of int8 or int16."""
    return _svdf(context, 0)


def svdf_in_units(context: OperatorContext) -> KernelCall | None:
    """The same with what sums begin with in half the bytes, a fiftieth slower."""
    return _svdf(context, -quantization_of(context.input(0)).zero_point or 1)


def _svdf(context: OperatorContext, unit: int) -> KernelCall | None:
    """SVDF whose sums begin with multiples of a unit, if that is not 0."""
    call, fields = portable(context)
    if call.kernel not in ("svdf", "svdf_s16"):
        return None
    features, feature_bias = _values(call, "_features"), _values(call, "_feature_bias")
    times = _values(call, "_times")
    bias = _values(call, f"{call.layer}_bias")
    most = 128 if call.kernel == "svdf" else 1 << 15
    (state,), (state_shift,) = (_integers(fields, f"state_{n}") for n in ("multiplier", "shift"))
    (output,), (output_shift,) = (_integers(fields, f"output_{n}") for n in ("multiplier", "shift"))
    wanted = (
        (state, state_shift, _largest(features, 128, feature_bias)),
        (output, output_shift, _largest(times.reshape(len(bias), -1), most, bias)),
    )
    padded = np.pad(feature_bias, (0, -len(feature_bias) % _GROUP)).astype(np.int32)
    counted = _in_units(padded, unit) if unit else padded
    if counted is None:
        return None
    packed = {
        "_features": context.constant(
            "features", pack_filters(features.astype(np.int8), _GROUP), "weights"
        ),
        "_feature_bias": context.constant("feature_bias", counted, "bias"),
    }
    constants = np.append(_scales(wanted), np.int32(unit))
    scales = context.constant("scales", constants, "requantization")
    return _call(call, "_dsp", fields, packed, scales, _filled(features.shape[1]))


def _in_units(biases: Int32Array, unit: int) -> Int16Array | None:
    """`biases` as int16 multiples of the zero point that they are folded from, if they fit."""
    counted = biases // unit
    if (counted * unit != biases).any() or abs(counted).max(initial=0) >= 1 << 15:
        return None
    return counted.astype(np.int16)


def lowerings(optimize: str) -> dict[str, Sequence[Lowering]]:
    """Of this setting: `size` takes sums that begin in half the bytes."""
    filters = (svdf_in_units, svdf) if optimize == "size" else (svdf, svdf_in_units)
    return {
        "SVDF": filters,
        "SVDF int8+int16>int8": filters,
        "UNIDIRECTIONAL_SEQUENCE_LSTM int8+int16>int8": (lstm_pair, lstm),
    }
