"""UNIDIRECTIONAL_SEQUENCE_LSTM: the standard one, with neither peepholes nor a projection."""

import math

import numpy as np
import numpy.typing as npt

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.activations_s16 import sigmoid_table
from qmcu.compile.operators.weights import folded_bias, quantization_of
from qmcu.compile.plan import ConstantArgument, FieldValue, KernelCall, ParametersArgument
from qmcu.compile.requantize import quantize_multiplier, reduce_multiplier
from qmcu.model.graph import Tensor

Fields = tuple[tuple[str, FieldValue], ...]

_OPERANDS = 24
# Of the gates input, forget, cell, output.
_WEIGHTS, _RECURRENT, _BIASES = range(1, 5), range(5, 9), range(12, 16)
_HIDDEN, _CELL = 18, 19
_ABSENT = (*range(9, 12), 16, 17, *range(20, _OPERANDS))
# Scales of what goes into the gates' functions and of what comes out.
_GATE_SCALE, _UNIT_SCALE = 2.0**-12, 2.0**-15
# The interpreter's sums of 64 bits are scaled by numbers below 2^14.
_LARGEST_WIDE = 2.0**14


def _check_operands(context: OperatorContext) -> str | None:
    if len(context.operator.inputs) != _OPERANDS or len(context.operator.outputs) != 1:
        count = len(context.operator.inputs)
        return f"has {count} inputs, {_OPERANDS} and one output are needed"
    for position in (0, *_WEIGHTS, *_RECURRENT, *_BIASES, _HIDDEN, _CELL):
        if context.optional_input(position) is None:
            return f"input {position} is absent"
    for position in _ABSENT:
        if context.optional_input(position) is not None:
            return (
                f"input {position} is there: peepholes, projections and layer normalization are "
                "beyond the interpreter's kernel"
            )
    return None


def _check_activation(context: OperatorContext) -> str | None:
    found = context.text("fused_activation_function", "NONE")
    return None if found == "TANH" else f"activation {found}, TANH is needed"


def _check_shapes(context: OperatorContext) -> str | None:
    source, hidden, output = context.input(0), context.input(_HIDDEN), context.output()
    if len(source.shape) != 3 or len(hidden.shape) != 2:
        return f"input {source} needs 3 dimensions, hidden state {hidden} 2"
    (outer, inner, depth), units = source.shape, hidden.shape[1]
    wanted: list[tuple[Tensor, tuple[int, ...]]] = [
        (context.input(i), (units, depth)) for i in _WEIGHTS
    ]
    wanted += [(context.input(i), (units, units)) for i in _RECURRENT]
    wanted += [(output, (outer, inner, units))]
    for tensor, shape in wanted:
        if tensor.shape != shape:
            return f"{tensor} has shape {tensor.shape}, {shape} is needed"
    for position in _BIASES:
        if context.input(position).shape != (units,):
            return f"bias {context.input(position)} needs {units} values"
    states = (outer if not _time_major(context) else inner) * units
    for position in (_HIDDEN, _CELL):
        state = context.input(position)
        if state.elements != states or not state.is_variable:
            return f"state {state} is no variable of {states} values"
    return None


def _time_major(context: OperatorContext) -> bool:
    return bool(context.operator.options.get("time_major", False))


def _sizes(context: OperatorContext) -> Fields:
    outer, inner, depth = context.input(0).shape
    time_major = _time_major(context)
    batches, steps = (inner, outer) if time_major else (outer, inner)
    return (
        ("sizes.batches", batches),
        ("sizes.steps", steps),
        ("sizes.depth", depth),
        ("sizes.units", context.output().shape[2]),
        ("sizes.batch_rows", 1 if time_major else steps),
        ("sizes.step_rows", batches if time_major else 1),
    )


def _macs(context: OperatorContext) -> int:
    outer, inner, depth = context.input(0).shape
    units = context.output().shape[2]
    return outer * inner * 4 * units * (depth + units)


def _scale(context: OperatorContext, position: int) -> float:
    return quantization_of(context.input(position)).scale


def _gate_multipliers(context: OperatorContext) -> tuple[list[float], list[float]]:
    """From sums over the input and over the hidden state to _GATE_SCALE."""

    def real(source: int, weights: int) -> float:
        return _scale(context, source) * _scale(context, weights) / _GATE_SCALE

    return [real(0, i) for i in _WEIGHTS], [real(_HIDDEN, i) for i in _RECURRENT]


def _product_multipliers(context: OperatorContext) -> list[float]:
    """Of forget gate times cell, input gate times new values, and tanh times output gate."""
    cell, hidden = _scale(context, _CELL), _scale(context, _HIDDEN)
    squared = _UNIT_SCALE * _UNIT_SCALE
    return [_UNIT_SCALE * cell / cell, squared / cell, squared / hidden]


def _cell_power(context: OperatorContext) -> int:
    """The nearest power of two of the cell state's scale, in float32 as the interpreter does."""
    one = np.float32(1)
    logarithm = np.log(np.float32(_scale(context, _CELL))) * (one / np.log(np.float32(2)))
    return int(math.copysign(math.floor(abs(float(logarithm)) + 0.5), float(logarithm)))


def _check_scales(context: OperatorContext) -> str | None:
    gates = [real for reals in _gate_multipliers(context) for real in reals]
    problems = (checks.multiplier_problem(r) for r in (*gates, *_product_multipliers(context)))
    problem = next((problem for problem in problems if problem is not None), None)
    if problem is None and context.input(0).dtype == "int16" and max(gates) >= _LARGEST_WIDE:
        problem = f"requantization multiplier {max(gates):.3g}, less than 2^14 is needed"
    if problem is None and not -30 <= _cell_power(context) + 12 <= 14:
        problem = f"cell state has scale {_scale(context, _CELL):.3g}, 2^-42 to 2^2 is needed"
    return problem


def _cell_fields(context: OperatorContext) -> Fields:
    forget, cell, hidden = map(quantize_multiplier, _product_multipliers(context))
    clip = context.real("cell_clip")
    limit = int(min(clip / _scale(context, _CELL), 2.0**15 - 1)) if clip > 0 else -1
    shift = _cell_power(context) + 12
    return (
        ("forget_multiplier", forget[0]),
        ("forget_shift", forget[1]),
        ("cell_multiplier", cell[0]),
        ("cell_shift", cell[1]),
        ("hidden_multiplier", hidden[0]),
        ("hidden_shift", hidden[1]),
        ("hidden_zero_point", quantization_of(context.input(_HIDDEN)).zero_point),
        ("clip", limit),
        ("tanh_multiplier", 3 << max(shift, 0)),
        ("tanh_shift", max(-shift, 0)),
    )


def _gate_fields(context: OperatorContext) -> Fields:
    fields: Fields = ()
    for prefix, reals in zip(("", "recurrent_"), _gate_multipliers(context), strict=True):
        pairs = [quantize_multiplier(real) for real in reals]
        if context.input(0).dtype == "int16":
            pairs = [(reduce_multiplier(multiplier), shift) for multiplier, shift in pairs]
        multipliers, shifts = zip(*pairs, strict=True)
        fields = (*fields, (f"{prefix}multipliers", multipliers), (f"{prefix}shifts", shifts))
    return fields


def _biases(context: OperatorContext) -> tuple[ConstantArgument, ...]:
    """With the zero points' shares, of int8; of int16, whose zero points are 0, as they are."""
    if context.input(0).dtype == "int16":
        values = np.stack([context.input(i).array for i in _BIASES])
        return (context.constant("bias", values, "bias"),)
    zero_points = (quantization_of(context.input(i)).zero_point for i in (0, _HIDDEN))
    inputs, hidden = zero_points
    bias = [
        folded_bias(context.input(b), context.input(w).array, inputs)
        for b, w in zip(_BIASES, _WEIGHTS, strict=True)
    ]
    recurrent = [folded_bias(None, context.input(i).array, hidden) for i in _RECURRENT]
    return (
        context.constant("bias", np.stack(bias), "bias"),
        context.constant("recurrent_bias", np.stack(recurrent), "bias"),
    )


def _weights(context: OperatorContext) -> tuple[ConstantArgument, ...]:
    def stacked(positions: range) -> npt.NDArray[np.generic]:
        return np.stack([context.input(i).array for i in positions])

    return (
        context.constant("weights", stacked(_WEIGHTS), "weights"),
        context.constant("recurrent", stacked(_RECURRENT), "weights"),
    )


def _lower(context: OperatorContext) -> KernelCall:
    fields = (*_sizes(context), *_gate_fields(context), *_cell_fields(context))
    arguments = (
        ParametersArgument("qmcu_lstm_params", fields),
        context.operand(context.input(0)),
        *_weights(context),
        *_biases(context),
        context.constant("table", sigmoid_table(), "table"),
        *(context.operand(context.input(i)) for i in (_HIDDEN, _CELL)),
        context.operand(context.output()),
    )
    kernel = "lstm" if context.input(0).dtype == "int8" else "lstm_s16"
    return context.call(kernel, arguments, macs=_macs(context))


def _lower_real(context: OperatorContext) -> KernelCall:
    biases = np.stack([context.input(i).array for i in _BIASES])
    fields = (*_sizes(context), ("clip", float(max(context.real("cell_clip"), 0.0))))
    arguments = (
        ParametersArgument("qmcu_lstm_f32_params", fields),
        context.operand(context.input(0)),
        *_weights(context),
        context.constant("bias", biases, "bias"),
        *(context.operand(context.input(i)) for i in (_HIDDEN, _CELL)),
        context.operand(context.output()),
    )
    return context.call("lstm_f32", arguments, macs=_macs(context))


def _constants(weights: str, bias: str) -> tuple[Constraint, ...]:
    roles = {"weights": _WEIGHTS, "recurrent weights": _RECURRENT}

    def check(context: OperatorContext) -> str | None:
        wanted = [(i, role, weights) for role, positions in roles.items() for i in positions]
        for position, role, dtype in (*wanted, *((i, "bias", bias) for i in _BIASES)):
            problem = checks.constant(position, role, (dtype,)).check(context)
            if problem is not None:
                return problem
        return None

    return (Constraint(f"weights are constants of {weights}, biases of {bias}", check),)


def _quantized(dtype: str, kernel: str, bias: str) -> OperatorSupport:
    constraints = (
        _OPERAND,
        checks.types(dtype, 0, _HIDDEN),
        checks.types("int16", _CELL, outputs=False),
        *_constants("int8", bias),
        *_SHAPES,
        checks.quantized(0, _HIDDEN, _CELL, symmetric=True, outputs=False),
        checks.quantized(*_WEIGHTS, *_RECURRENT, outputs=False),
        Constraint("multipliers within range, scale of the cell state 2^-42 to 2^2", _check_scales),
    )
    return OperatorSupport(_KIND, kernel, constraints, _lower, types=(dtype,))


_KIND = "UNIDIRECTIONAL_SEQUENCE_LSTM"
_OPERAND = Constraint("the standard form: no peepholes, projection, normalization", _check_operands)
_SHAPES = (
    Constraint("shapes of input, weights, biases, states and output fit", _check_shapes),
    Constraint("activation TANH", _check_activation),
)

SUPPORT: tuple[OperatorSupport, ...] = (
    _quantized("int8", "lstm", "int32"),
    _quantized("int16", "lstm_s16", "int64"),
    OperatorSupport(
        _KIND,
        "lstm_f32",
        (
            _OPERAND,
            checks.types("float32", 0, _HIDDEN, _CELL),
            *_constants("float32", "float32"),
            *_SHAPES,
        ),
        _lower_real,
        types=("float32",),
    ),
)
