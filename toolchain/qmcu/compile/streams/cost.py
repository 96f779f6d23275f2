"""About how many instructions a call takes: to choose among forms before anything is counted."""

from math import prod

from qmcu.compile.plan import Argument, FieldValue, KernelCall, ParametersArgument

# Of a multiplication, requantization included, as counted on models of MLPerf Tiny; the first
# whose word is in the kernel's name. Depthwise ones come first: they share no inputs.
_RATES = (
    (("depthwise", "any"), 3.5),
    (("depthwise", "_mve_3x3"), 0.8),
    (("depthwise", "_mve_blocks"), 1.3),
    (("depthwise", "_mve"), 1.7),
    (("depthwise", "3x3"), 2.0),
    (("depthwise_bytes",), 4.4),
    (("depthwise", "_dsp"), 4.0),
    (("winograd",), 0.5),
    (("_mve",), 0.25),
    (("_any", "_dsp"), 1.3),
    (("conv_2d_dsp",), 2.5),
    (("_dsp",), 1.0),
    (("conv_2d_parts_scalar",), 7.5),
)
_PLAIN = 7.0
# How many outputs a kernel computes at a time, a rest taking as long, and which parameters count
# them together; the first whose words are in the kernel's name.
_TOGETHER = (
    (("depthwise_3x3", "_dsp"), ("output_height",), 2),
    (("conv_1x1_four",), ("pixels", "rows"), 4),
    (("conv_2d_rows_four",), ("output_height", "output_width"), 4),
    (("conv_1x1", "_dsp"), ("pixels",), 2),
    (("conv_2d", "_dsp"), ("output_width",), 2),
    (("depthwise", "_mve"), (), 1),
    (("conv_2d", "_mve_pointwise"), ("pixels",), 4),
    (("conv_2d", "_mve"), ("window.output_height", "window.output_width"), 4),
    (("_scalar",), ("window.output_height", "window.output_width"), 4),
)
# Of a call beside its rows; of a byte that is moved or laid out.
CALL, BYTE = 300, 1


def instructions(call: KernelCall) -> float:
    """About how many instructions the call's multiplications take."""
    for words, rate in _RATES:
        if all(word in call.kernel for word in words):
            return rate * call.macs
    return _PLAIN * call.macs


def row_instructions(call: KernelCall) -> float:
    """The same of a call for few rows, with the outputs that fill up those computed together."""
    return instructions(call) * _filled_up(call)


def _filled_up(call: KernelCall) -> float:
    """How much longer it takes for outputs that fill up those of a kernel that does several."""
    for words, names, together in _TOGETHER:
        if all(word in call.kernel for word in words):
            fields = {n: v for a in call.arguments for n, v in _fields(a) if isinstance(v, int)}
            count = prod(fields.get(name, together) for name in names)
            return -(-count // together) * together / count if count else 1.0
    return 1.0


def _fields(argument: Argument) -> tuple[tuple[str, FieldValue], ...]:
    return argument.fields if isinstance(argument, ParametersArgument) else ()
