"""About how many instructions a call takes: to choose among forms before anything is counted."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from qmcu.compile.kernel_sets import grouped
from qmcu.compile.kernel_sets.dsp.winograd_rows import KERNEL, Windows
from qmcu.compile.plan import Constant, ConstantArgument, KernelCall, ParametersArgument
from qmcu.model.graph import Graph

# Of a multiplication, requantization included, as counted on models of MLPerf Tiny; the first
# whose words are in the kernel's name. Depthwise ones come first: they share no inputs. Forms of a
# layer beside each other by `qmcu tune`: relative to the others of their set.
_RATES = (
    (("batch_matmul_s16_packed", "_scalar"), 6.5),
    (("batch_matmul_s16_packed", "_dsp"), 3.5),
    (("batch_matmul_s16_packed", "_mve"), 3.0),
    (("batch_matmul_packed", "_scalar"), 4.2),
    (("batch_matmul_packed", "_dsp"), 2.1),
    (("batch_matmul_packed", "_mve"), 1.4),
    (("batch_matmul", "_dsp"), 6.4),
    (("batch_matmul", "_mve"), 4.4),
    (("batch_matmul",), 11.0),
    (("depthwise_conv_2d_s16_quads_dsp",), 4.5),
    (("depthwise_conv_2d_s16_quads_mve",), 2.0),
    (("conv_2d_s16_quads_dsp",), 1.8),
    (("conv_2d_groups_s16_quads_dsp",), 2.5),
    (("transpose_conv_s16_quads_dsp",), 1.7),
    (("transpose_conv_s16_windows_dsp",), 2.5),
    (("transpose_conv_four_dsp",), 1.5),
    (("transpose_conv_any_dsp",), 2.2),
    (("transpose_conv_dsp",), 8.0),
    (("transpose_conv_pairs_mve",), 0.6),
    (("transpose_conv_mve",), 3.0),
    (("transpose_conv_parts_scalar",), 8.0),
    (("transpose_conv_scalar",), 14.0),
    (("fully_connected_s16_quads_dsp",), 1.5),
    (("fully_connected_s16_dsp",), 3.1),
    (("transpose_conv_s16_dsp",), 5.2),
    (("_s16_quads_mve",), 0.5),
    (("fully_connected_s16_mve",), 1.1),
    (("transpose_conv_s16_mve",), 2.5),
    (("_s16_quads_scalar",), 5.0),
    (("fully_connected_s16_scalar",), 9.0),
    (("transpose_conv_s16",), 11.0),
    (("depthwise_conv_2d_s16",), 12.0),
    (("conv_2d_s16_dsp",), 4.5),
    (("conv_2d_s16_mve",), 2.3),
    (("conv_2d_s16_scalar",), 10.0),
    (("depthwise_any_bytes",), 6.0),
    (("depthwise", "any"), 6.1),
    (("depthwise_even",), 5.0),
    (("depthwise", "_mve_3x3"), 0.8),
    (("depthwise", "_mve_blocks"), 1.3),
    (("depthwise", "_mve_taps"), 2.2),
    (("depthwise", "_mve"), 1.7),
    (("depthwise_3x3_packed",), 2.05),
    (("depthwise_3x3_steep",), 2.1),
    (("depthwise", "3x3"), 2.0),
    (("depthwise_bytes",), 4.4),
    (("depthwise", "_dsp"), 4.0),
    (("winograd_rows",), 0.6),
    (("winograd_bytes",), 0.55),
    (("winograd",), 0.5),
    (("conv_2d_groups_mve",), 0.9),
    (("conv_2d_mve",), 0.28),
    (("_any_mve_columns",), 0.31),
    (("_ragged_mve_columns",), 0.295),
    (("_mve_columns",), 0.285),
    (("_ragged", "_mve"), 0.265),
    (("conv_2d_any_mve",), 0.29),
    (("_mve",), 0.25),
    (("fully_connected_any_wide",), 1.15),
    (("fully_connected_two",), 1.2),
    (("_any", "_dsp"), 1.3),
    (("conv_2d_dsp",), 2.5),
    (("conv_2d_column",), 0.3),
    (("conv_2d_windows",), 1.05),
    (("conv_1x1_two",), 0.75),
    (("conv_", "_pair_steep"), 1.25),
    # Counted it is 1.2, but `--optimize ram` gives it transformed weights afterwards where it can.
    (("conv_2d_rows_pair_dsp",), 1.03),
    (("conv_", "_pair_dsp"), 1.2),
    (("conv_", "_wide_steep"), 1.15),
    (("conv_", "_wide_dsp"), 1.1),
    (("conv_", "_steep"), 1.06),
    (("_dsp",), 1.0),
    (("conv_2d_parts_scalar",), 7.5),
    (("depthwise_scalar",), 28.0),
    (("fully_connected_few_scalar",), 9.5),
    (("fully_connected_scalar",), 9.0),
)
# Pairs of forms that take about as long, so that it does not matter which the estimate prefers:
# their words, and why. Those in fewer words are told by their outputs (`compile/enough`).
ALIKE = (
    (("_small_dsp",), ("_dsp",), "two instructions an output"),
    (("conv_2d_mve",), ("conv_2d_mve_columns",), "both copy rows of windows"),
)
_PLAIN = 7.0  # of kernels of no such name
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
# Of a multiplication, of an output, of a value of a window that is laid out: as counted on a
# Cortex-M4, at least. For these others are taken where that saves instructions.
_COUNTED: Mapping[str, tuple[float, float, float]] = {
    "conv_2d_rows_pair_dsp": (0.72, 15, 2.7),
    "conv_2d_any_dsp": (1.0, 10, 2.0),
}
# Instructions that a byte of flash must save.
_FLASH_PRICE = 7.0
# Of a call beside its rows; of a byte that is moved or laid out.
CALL, BYTE = 300, 1


def instructions(call: KernelCall) -> float:
    """About how many instructions the call's multiplications take."""
    if call.kernel == "conv_2d_any_dsp" and fields_of(call)["groups"] > 1:
        return _groups_apart(call)
    for words, rate in _RATES:
        if all(word in call.kernel for word in words):
            return rate * call.macs
    return _PLAIN * call.macs


def _groups_apart(call: KernelCall) -> float:
    """Of a convolution that lays out the windows of one group after the other."""
    fields = {name.rpartition(".")[2]: value for name, value in fields_of(call).items()}
    groups, taps = fields["groups"], fields["kernel_height"] * fields["kernel_width"]
    values, filters = taps * fields["input_depth"] // groups, fields["output_depth"] // groups
    outputs = prod(fields[name] for name in ("batches", "output_height", "output_width"))
    return outputs * groups * grouped.DSP.apart.window_of(taps, values, filters)


def row_instructions(call: KernelCall) -> float:
    """The same of a call for few rows, with the outputs that fill up those computed together."""
    return instructions(call) * _filled_up(call)


def _filled_up(call: KernelCall) -> float:
    """How much longer it takes for outputs that fill up those of a kernel that does several."""
    for words, names, together in _TOGETHER:
        if all(word in call.kernel for word in words):
            fields = fields_of(call)
            count = prod(fields.get(name, together) for name in names)
            return -(-count // together) * together / count if count else 1.0
    return 1.0


def fields_of(call: KernelCall) -> dict[str, int]:
    """The numbers among a call's parameters, by name."""
    found = (a.fields for a in call.arguments if isinstance(a, ParametersArgument))
    return {name: value for fields in found for name, value in fields if isinstance(value, int)}


def is_counted(call: KernelCall) -> bool:
    """Whether `gain` knows its kernel."""
    return call.kernel == KERNEL or call.kernel in _COUNTED


def gain(old: tuple[Graph, Sequence[KernelCall]], new: tuple[Graph, Sequence[KernelCall]]) -> float:
    """The instructions that a layer's `new` calls save, flash reckoned in."""
    before, after = (sum(_counted(graph, c) for c in calls) for graph, calls in (old, new))
    return before - after - _FLASH_PRICE * (constants(new[1]) - constants(old[1]))


def _counted(graph: Graph, call: KernelCall) -> float:
    output = graph.tensors[call.writes[0]]
    filters = output.shape[-1]
    if call.kernel == KERNEL:
        fields = fields_of(call)
        rows = fields["batches"] * fields["output_height"]
        window = (fields[n] for n in ("kernel_height", "stride_height", "input_depth"))
        return Windows(rows, fields["output_width"], filters, *window).along(fields["together"])
    product, result, value = _COUNTED[call.kernel]
    counted = product * call.macs + result * output.elements + value * call.macs / filters
    return counted * _filled_up(call)


def constants(calls: Iterable[KernelCall]) -> int:
    """Bytes of the constants of calls, each once."""
    found: set[Constant] = set()
    for call in calls:
        for argument in call.all_arguments:
            if isinstance(argument, ConstantArgument) and argument.constant is not None:
                found.add(argument.constant)
    return sum(constant.size for constant in found)
