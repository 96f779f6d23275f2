"""Lowerings for cores without the DSP extension (Cortex-M0, M0+, M3): sums kept in registers."""

from collections.abc import Sequence

from qmcu.compile.kernel_sets import phases, products
from qmcu.compile.kernel_sets.depthwise import of_one_channel
from qmcu.compile.kernel_sets.scalar import elementwise, multiply, reals, transposed
from qmcu.compile.kernel_sets.whole_window import of_whole_window
from qmcu.compile.lowering import Lowering
from qmcu.compile.plan import KernelCall, ParametersArgument


def lowerings() -> dict[str, Sequence[Lowering]]:
    """Operator kind to lowerings, in the order to try.

    They keep weights and requantization as the portable kernels have them, so that no setting
    takes more flash than another.
    """
    convolutions = (
        *multiply.by_rows(multiply.conv_2d),
        multiply.conv_2d_parts,
        *multiply.by_rows(multiply.conv_2d_direct),
    )
    return {
        "CONV_2D": (of_whole_window(multiply.fully_connected), *convolutions),
        "DEPTHWISE_CONV_2D": (
            *of_one_channel(convolutions),
            *multiply.by_rows(multiply.depthwise_conv_2d),
        ),
        "FULLY_CONNECTED": (multiply.fully_connected,),
        **elementwise.lowerings(),
        **reals.LOWERINGS,
        **phases.before(products.lowerings("scalar"), *transposed.FORMS),
    }


def is_packed(call: KernelCall) -> bool:
    """Whether a convolution multiplies packed windows."""
    if call.kernel == multiply.PARTS:
        return True
    parameters = (a for a in call.arguments if isinstance(a, ParametersArgument))
    return any(dict(a.fields).get("packed") == 1 for a in parameters)
