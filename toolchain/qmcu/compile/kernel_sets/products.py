"""Portable calls that a core has kernels of its own for: the same arguments, another name."""

from collections.abc import Mapping, Sequence
from functools import cache

from qmcu.compile.kernel_sets import matmul, maxima, quads_s16, slopes_s16
from qmcu.compile.kernel_sets.dsp.elementwise import portable, renamed
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators import OPERATORS
from qmcu.compile.plan import FieldValue, KernelCall

# LSTM, SVDF, SOFTMAX, squares, transposed convolutions and sums of int16, by the operator and its
# types; of those of a TRANSPOSE_CONV int32 is that of an output shape which is computed.
_PRODUCTS = {
    "CONV_2D int16": "conv_2d_s16",
    "FULLY_CONNECTED int16": "fully_connected_s16",
    "SOFTMAX": "softmax",
    "SQUARED_DIFFERENCE": "squared_difference",
    "SVDF": "svdf",
    "SVDF int8+int16>int8": "svdf_s16",
    "UNIDIRECTIONAL_SEQUENCE_LSTM int8+int16>int8": "lstm",
    "UNIDIRECTIONAL_SEQUENCE_LSTM int16": "lstm_s16",
    "DEPTHWISE_CONV_2D int16": "depthwise_conv_2d_s16",
    "TRANSPOSE_CONV": "transpose_conv",
    "TRANSPOSE_CONV int32+int8>int8": "transpose_conv",
}
_SIMD = {
    "AVERAGE_POOL_2D int16": "average_pool_2d_s16",
    "BATCH_MATMUL": "batch_matmul",
    "MAXIMUM": "maximum",
    "MAX_POOL_2D int16": "max_pool_2d_s16",
    "MEAN int16": "mean_s16",
    "MINIMUM": "minimum",
    "SUM int16": "mean_s16",
    "TRANSPOSE_CONV int16": "transpose_conv_s16",
    "TRANSPOSE_CONV int32+int16>int16": "transpose_conv_s16",
}
# By cores without DSP alone.
_SINGLES = {
    "ADD int16": "add_s16",
    "RESIZE_BILINEAR int16": "resize_bilinear_s16",
    "SUB int16": "add_s16",
}
# By MVE alone.
_VECTORS = {
    "ADD int16": "add_s16",
    "LOGISTIC int16": "logistic_s16",
    "MUL int16": "mul_s16",
    "RESIZE_BILINEAR": "resize_bilinear",
    "RESIZE_BILINEAR int16": "resize_bilinear_s16",
    "SOFTMAX int8>int16": "softmax_s8_s16",
    "SUB int16": "add_s16",
    "TANH int16": "tanh_s16",
}
_MOST_POOLED = 127  # of an average of int16, whose reciprocal has 30 bits
_MOST_TAPS = 511  # of a depthwise window: products of int16, summed in 32 bits
_MOST_PRODUCTS = 1 << 16  # of 9 and 8 bits, summed in 32 bits
# Kernels that move bytes, of tensors of any type.
_MOVING = ("concatenation", "copy", "pad", "resize_nearest_neighbor", "strided_copy")
_MOVING_VECTORS = (*_MOVING, "split")  # plain C takes words where a core has them at any address
# Where a name is that of functions that kernels call.
_NAMES = {("copy", "dsp"): "copy_words_dsp"}


@cache
def lowerings(core: str) -> dict[str, Sequence[Lowering]]:
    """Operator kind and types to the kernels of `core`, dsp, mve or scalar: made once, to be read.

    A compilation asks a dozen times.
    """
    kernels = _PRODUCTS | (_SINGLES if core == "scalar" else _SIMD)
    if core != "scalar":
        kernels = kernels | _moving(_MOVING_VECTORS if core == "mve" else _MOVING)
    if core == "mve":
        kernels = kernels | _VECTORS
    found: dict[str, Sequence[Lowering]] = {
        kind: (_lowering(kernel, core),) for kind, kernel in kernels.items()
    }
    for kind in ("BATCH_MATMUL", "BATCH_MATMUL int16"):
        found[kind] = (matmul.packed(core), *found.get(kind, ()))
    found["REDUCE_MAX"] = (maxima.reduce_max(core),)
    if core != "scalar":
        found["REDUCE_MAX"] = (*found["REDUCE_MAX"], maxima.rows("REDUCE_MAX", core))
        found["REDUCE_MIN"] = (maxima.rows("REDUCE_MIN", core),)
    found.update(slopes_s16.lowerings(core))
    for kind, faster in quads_s16.lowerings(core).items():
        found[kind] = (*faster, *found.get(kind, ()))
    return found


def _moving(kernels: Sequence[str]) -> dict[str, str]:
    return {
        kind if dtype == "int8" else f"{kind} {dtype}": form.kernel
        for kind, forms in OPERATORS.items()
        for form in forms
        for dtype in form.types
        if form.kernel in kernels
    }


def _lowering(kernel: str, core: str) -> Lowering:
    def lower(context: OperatorContext) -> KernelCall | None:
        call, fields = portable(context)
        if call.kernel != kernel or _is_too_long(context, kernel, fields):
            return None
        name = _NAMES.get((kernel, core), f"{kernel}_{core}")
        if name == "strided_copy_dsp" and _in_pairs(fields):
            name = "strided_copy_pairs_dsp"
        return renamed(call, name, fields)

    return lower


def _in_pairs(fields: Mapping[str, FieldValue]) -> bool:
    """Whether rows have two elements which lie beside each other from row to row."""
    shape, strides = fields["shape"], fields["strides"]
    assert isinstance(shape, tuple) and isinstance(strides, tuple)
    return len(shape) > 1 and shape[-1] == 2 and strides[-2] == 1 != strides[-1]


def _is_too_long(context: OperatorContext, kernel: str, fields: Mapping[str, FieldValue]) -> bool:
    """Whether sums outgrow the bits that a kernel has for them."""
    if kernel == "depthwise_conv_2d_s16":
        return context.input(1).shape[1] * context.input(1).shape[2] > _MOST_TAPS
    if kernel == "average_pool_2d_s16":
        taps = context.integer("filter_height", 1) * context.integer("filter_width", 1)
        return taps > _MOST_POOLED
    depth = fields.get("depth", 0)
    return kernel == "batch_matmul" and isinstance(depth, int) and depth >= _MOST_PRODUCTS
