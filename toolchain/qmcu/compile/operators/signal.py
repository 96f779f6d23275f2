"""The custom operators of TFLM's signal library, of its audio front end: names begin with Signal.

States that they keep inside themselves are an operand more by now (`model.hidden_states`).
"""

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.signal_fft import FFT_SUPPORT
from qmcu.compile.operators.signal_options import declared, number, operand_types
from qmcu.compile.plan import Argument, FieldValue, KernelCall, ParametersArgument

Fields = Sequence[tuple[str, FieldValue]]
_LOG_SEGMENTS = 128
# A count of samples is kept among the samples, which are int16.
_MOST_WAITING = 32767


def _log_table() -> np.ndarray:
    """65536 * (log2(1 + i / 128) - i / 128), rounded; the line between 0 and 1 at both ends."""
    steps = np.arange(_LOG_SEGMENTS + 1) / _LOG_SEGMENTS
    return np.round(65536 * (np.log2(1 + steps) - steps)).astype(np.uint16)


def _call(context: OperatorContext, kernel: str, fields: Fields, *extra: Argument) -> KernelCall:
    """Parameters, inputs (with the state), further arguments, outputs."""
    inputs = [context.operand(context.input(i)) for i in range(len(context.operator.inputs))]
    outputs = [context.operand(context.output(i)) for i in range(len(context.operator.outputs))]
    parameters = ParametersArgument(f"qmcu_{kernel}_params", tuple(fields))
    return context.call(kernel, (parameters, *inputs, *extra, *outputs))


def _window(context: OperatorContext) -> KernelCall:
    size, length = context.input(0).elements, context.input(1).elements
    fields = (("size", size), ("length", length), ("shift", number(context, "shift")))
    return _call(context, "signal_window", fields)


def _check_window(context: OperatorContext) -> str | None:
    source, window = context.input(0), context.input(1)
    if source.elements % window.elements or source.elements != context.output().elements:
        return f"window {window} does not fit input {source}"
    return None if 0 <= number(context, "shift") < 32 else "shift is outside 0 to 31"


def _auto_scale(context: OperatorContext) -> KernelCall:
    return _call(context, "signal_fft_auto_scale", (("size", context.output().elements),))


def _energy(context: OperatorContext) -> KernelCall:
    fields = [("size", context.output().elements)]
    fields += [(name, number(context, name)) for name in ("start_index", "end_index")]
    return _call(context, "signal_energy", fields)


def _check_energy(context: OperatorContext) -> str | None:
    first, last = number(context, "start_index"), number(context, "end_index")
    most = min(context.output().elements, context.input(0).elements // 2)
    return None if 0 <= first <= last <= most else f"{first} to {last} of {most} numbers"


def _filter_bank(context: OperatorContext) -> KernelCall:
    return _call(context, "signal_filter_bank", (("channels", context.output().elements),))


def _check_filter_bank(context: OperatorContext) -> str | None:
    channels = number(context, "num_channels")
    if context.output().elements != channels:
        return f"{channels} channels do not fit output {context.output()}"
    tables = [context.input(i) for i in range(1, 6)]
    if not all(t.is_constant for t in tables):
        return "its tables are computed at run time"
    starts, begins, widths = (t.array.astype(int) for t in tables[2:])
    if not len(starts) == len(begins) == len(widths) == channels + 1:
        return f"its tables need {channels + 1} numbers for {channels} channels"
    weights = min(tables[0].elements, tables[1].elements)
    inside = (starts >= 0) & (starts + widths <= context.input(0).elements)
    if not np.all((widths <= 0) | (inside & (begins >= 0) & (begins + widths <= weights))):
        return "a channel lies outside the input or the weights"
    return None


def _sized(kernel: str, *options: tuple[str, str]) -> Callable[[OperatorContext], KernelCall]:
    """A kernel of the size of its input and of options: (field, option)."""

    def lower(context: OperatorContext) -> KernelCall:
        fields = [("size", context.input(0).elements)]
        fields += [(field, number(context, option)) for field, option in options]
        return _call(context, kernel, fields)

    return lower


def _log(context: OperatorContext) -> KernelCall:
    fields = (
        ("size", context.input(0).elements),
        ("output_scale", number(context, "output_scale")),
        ("correction_bits", number(context, "input_correction_bits")),
    )
    table = context.constant("table", _log_table(), "table")
    return _call(context, "signal_filter_bank_log", fields, table)


def _same_sizes(context: OperatorContext) -> str | None:
    size = context.input(0).elements
    outputs = [context.output(i) for i in range(len(context.operator.outputs))]
    wrong = next((t for t in outputs if t.elements != size), None)
    return None if wrong is None else f"output {wrong} has not the {size} elements of the input"


def _check_pcan(context: OperatorContext) -> str | None:
    table, noise = context.input(2), context.input(1)
    if table.elements < 4 * 32 - 6 + 3 or noise.elements < context.input(0).elements:
        return f"table {table} needs 125 numbers, noise {noise} one for each channel"
    return None if 0 <= number(context, "snr_shift") < 64 else "snr_shift is outside 0 to 63"


def _check_shifts(*names: str) -> Constraint:
    def check(context: OperatorContext) -> str | None:
        wrong = next((n for n in names if not 0 <= number(context, n) < 32), None)
        return None if wrong is None else f"{wrong} is outside 0 to 31"

    return Constraint(f"{', '.join(names)} from 0 to 31", check)


def _rows(context: OperatorContext) -> tuple[int, int]:
    """Outer dimensions, and the length of the last."""
    shape = context.input(0).shape
    return prod(shape[:-1]), shape[-1]


def _delay(context: OperatorContext) -> KernelCall:
    outer, size = _rows(context)
    fields = (("outer", outer), ("size", size), ("delay", number(context, "delay_length")))
    return _call(context, "signal_delay", fields)


def _overlap_add(context: OperatorContext) -> KernelCall:
    shape = context.input(0).shape
    fields = (
        ("outer", prod(shape[:-2])),
        ("frames", shape[-2]),
        ("size", shape[-1]),
        ("step", number(context, "frame_step")),
    )
    suffix = "s16" if context.input(0).dtype == "int16" else "f32"
    return _call(context, f"signal_overlap_add_{suffix}", fields)


def _check_overlap_add(context: OperatorContext) -> str | None:
    shape, step = context.input(0).shape, number(context, "frame_step")
    if len(shape) < 2 or not 0 < step <= shape[-1]:
        return f"frame_step {step} does not fit input {context.input(0)}"
    wanted = prod(shape[:-1]) * step
    found = context.output().elements
    return None if found == wanted else f"output has {found} elements, {wanted} are needed"


def _framer(context: OperatorContext) -> KernelCall:
    outer, size = _rows(context)
    frame, step = number(context, "frame_size"), number(context, "frame_step")
    first = frame - step if number(context, "prefill") else 0
    fields = (
        ("outer", outer),
        ("frames", size // step),
        ("size", frame),
        ("step", step),
        ("capacity", frame + step),
        ("first", first),
    )
    return _call(context, "signal_framer", fields)


def _check_framer(context: OperatorContext) -> str | None:
    outer, size = _rows(context)
    frame, step = number(context, "frame_size"), number(context, "frame_step")
    if not (0 < step <= frame and size % step == 0 and frame + step <= _MOST_WAITING):
        return f"frames of {frame}, {step} apart, do not fit input {context.input(0)}"
    wanted, found = outer * (size // step) * frame, context.output().elements
    return None if found == wanted else f"output has {found} elements, {wanted} are needed"


def _stacker(context: OperatorContext) -> KernelCall:
    channels = number(context, "num_channels")
    left = number(context, "stacker_left_context")
    fields = (
        ("channels", channels),
        ("left", left),
        ("capacity", context.output().elements),
        ("step", channels * number(context, "stacker_step")),
    )
    return _call(context, "signal_stacker", fields)


def _check_stacker(context: OperatorContext) -> str | None:
    names = ("num_channels", "stacker_left_context", "stacker_right_context", "stacker_step")
    channels, left, right, step = (number(context, name) for name in names)
    frames = left + right + 1
    if min(channels, step) < 1 or min(left, right) < 0 or step > frames:
        return f"steps of {step} among {frames} frames of {channels} channels"
    wanted = channels * frames
    if context.input(0).elements < channels or context.output().elements != wanted:
        return f"{frames} frames of {channels} channels do not fit output {context.output()}"
    return None if wanted <= _MOST_WAITING else f"{wanted} samples, {_MOST_WAITING} are possible"


def _form(
    name: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    lower: Callable[[OperatorContext], KernelCall],
    *further: Constraint,
    kernel: str = "",
    options: Sequence[str] = (),
) -> OperatorSupport:
    constraints = [operand_types(inputs, outputs)]
    constraints += [declared(*options)] if options else []
    return OperatorSupport(
        f"CUSTOM:Signal{name}", kernel, (*constraints, *further), lower, types=(inputs[0],)
    )


_SIZES = Constraint("outputs have the elements of the input", _same_sizes)
_SUBTRACTION = (
    ("smoothing", "smoothing"),
    ("one_minus_smoothing", "one_minus_smoothing"),
    ("alternate_smoothing", "alternate_smoothing"),
    ("alternate_one_minus_smoothing", "alternate_one_minus_smoothing"),
    ("smoothing_bits", "smoothing_bits"),
    ("subtraction_bits", "spectral_subtraction_bits"),
    ("min_signal_remaining", "min_signal_remaining"),
    ("clamping", "clamping"),
)
_STACKER = ("num_channels", "stacker_left_context", "stacker_right_context", "stacker_step")
_S16, _U32, _U64 = "int16", "uint32", "uint64"

SUPPORT: tuple[OperatorSupport, ...] = (
    _form(
        "Window", (_S16, _S16), (_S16,), _window,
        Constraint("rows of the window's length, shift from 0 to 31", _check_window),
        kernel="signal_window", options=("shift",),
    ),
    _form(
        "FftAutoScale", (_S16,), (_S16, "int32"), _auto_scale,
        checks.same_shape(), kernel="signal_fft_auto_scale",
    ),
    *FFT_SUPPORT,
    _form(
        "Energy", (_S16,), (_U32,), _energy,
        Constraint("start_index to end_index lie inside; what lies outside is 0", _check_energy),
        kernel="signal_energy", options=("start_index", "end_index"),
    ),
    _form(
        "FilterBank", (_U32, *(_S16,) * 5), (_U64,), _filter_bank,
        Constraint("constant tables whose channels lie inside", _check_filter_bank),
        kernel="signal_filter_bank", options=("num_channels",),
    ),
    _form(
        "FilterBankSquareRoot", (_U64, "int32"), (_U32,),
        _sized("signal_filter_bank_square_root"), _SIZES, kernel="signal_filter_bank_square_root",
    ),
    _form(
        "FilterBankSpectralSubtraction", (_U32, _U32), (_U32, _U32),
        _sized("signal_filter_bank_spectral_subtraction", *_SUBTRACTION), _SIZES,
        _check_shifts("smoothing_bits", "spectral_subtraction_bits"),
        kernel="signal_filter_bank_spectral_subtraction",
        options=("num_channels", *(option for _, option in _SUBTRACTION)),
    ),
    _form(
        "PCAN", (_U32, _U32, _S16), (_U32,),
        _sized("signal_pcan", ("snr_shift", "snr_shift")), _SIZES,
        Constraint("a table of 125 numbers, snr_shift from 0 to 63", _check_pcan),
        kernel="signal_pcan", options=("snr_shift",),
    ),
    _form(
        "FilterBankLog", (_U32,), (_S16,), _log, _SIZES, _check_shifts("input_correction_bits"),
        kernel="signal_filter_bank_log", options=("input_correction_bits", "output_scale"),
    ),
    _form(
        "Delay", (_S16, _S16), (_S16,), _delay, _SIZES,
        kernel="signal_delay", options=("delay_length",),
    ),
    *(
        _form(
            "OverlapAdd", (dtype, dtype), (dtype,), _overlap_add,
            Constraint("steps within the frame", _check_overlap_add),
            kernel=f"signal_overlap_add_{suffix}", options=("frame_step",),
        )
        for dtype, suffix in ((_S16, "s16"), ("float32", "f32"))
    ),
    _form(
        "Framer", (_S16, _S16), (_S16, "bool"), _framer,
        Constraint("whole steps, no longer than a frame", _check_framer),
        kernel="signal_framer", options=("frame_size", "frame_step", "prefill"),
    ),
    _form(
        "Stacker", (_S16, _S16), (_S16, "bool"), _stacker,
        Constraint("steps within the frames that are put together", _check_stacker),
        kernel="signal_stacker", options=_STACKER,
    ),
)  # fmt: skip
