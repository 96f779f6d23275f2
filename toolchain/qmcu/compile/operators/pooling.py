"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from qmcu.compile.lowering import OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.operators.window import Axis, Fields, axes, taps_fit, window_options
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.compile.requantize import activation_range

# The reference accepts scales of input and output that differ by no more than this.
_SCALE_TOLERANCE = 1e-6


def _kernel(context: OperatorContext) -> tuple[int, ...]:
    return context.integer("filter_height", 1), context.integer("filter_width", 1)


def pool_windows(context: OperatorContext) -> tuple[Axis, Axis]:
    """The vertical and horizontal windows of a pool."""
    return axes(context, context.input(0).shape[1:3], _kernel(context))


def _expected_shape(context: OperatorContext) -> tuple[int, ...]:
    source = context.input(0).shape
    vertical, horizontal = pool_windows(context)
    return source[0], vertical.output, horizontal.output, source[3]


def pool_fields(context: OperatorContext) -> Fields:
    """The parameter fields of shapes and window, in every type."""
    batches, height, width, depth = context.input(0).shape
    vertical, horizontal = pool_windows(context)
    return (
        ("batches", batches),
        ("input_height", height),
        ("input_width", width),
        ("depth", depth),
        ("output_height", vertical.output),
        ("output_width", horizontal.output),
        ("kernel_height", vertical.kernel),
        ("kernel_width", horizontal.kernel),
        ("stride_height", vertical.stride),
        ("stride_width", horizontal.stride),
        ("padding_top", vertical.padding),
        ("padding_left", horizontal.padding),
    )


def lower_pool(context: OperatorContext, kernel: str) -> KernelCall:
    """The call of a pooling kernel; all take the same parameters."""
    parameters = (*pool_fields(context), *_limits(context))
    return context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            context.operand(context.input(0)),
            context.operand(context.output()),
        ),
    )


def _limits(context: OperatorContext) -> Fields:
    target = context.output()
    quantization = quantization_of(target)
    low, high = activation_range(
        context.text("fused_activation_function", "NONE"),
        quantization.scale,
        quantization.zero_point,
        target.dtype,
    )
    return ("activation_minimum", low), ("activation_maximum", high)


def is_whole_image(context: OperatorContext) -> bool:
    """Whether there is one window, which is the image."""
    windows = pool_windows(context)
    sizes = context.input(0).shape[1:3]
    return all(
        axis.kernel == size and axis.output == 1 and not axis.padding
        for axis, size in zip(windows, sizes, strict=True)
    )


def fields_of_sums(context: OperatorContext) -> Fields:
    """What makes an average of the sum over a whole image."""
    height, width = _kernel(context)
    return ("count", height * width), *_limits(context)


# What the operators need of their shapes and options, in every type.
WINDOWS = (
    checks.input_rank(4, 4),
    window_options("stride_h", "stride_w", "filter_height", "filter_width"),
    taps_fit(_kernel),
    checks.output_shape("output shape follows from input and options", _expected_shape),
)
# The same where they are integers.
SHAPES = (
    checks.same_quantization(tolerance=_SCALE_TOLERANCE),
    *WINDOWS,
    checks.fused_activation(),
)


def _support(kind: str, kernel: str) -> OperatorSupport:
    return OperatorSupport(
        kind=kind,
        kernel=kernel,
        constraints=(checks.operands(1), checks.int8(), *SHAPES),
        lower=lambda context: lower_pool(context, kernel),
    )


SUPPORT = (
    _support("AVERAGE_POOL_2D", "average_pool_2d"),
    _support("MAX_POOL_2D", "max_pool_2d"),
)
