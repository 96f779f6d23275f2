"""Portable calls whose products a core's instructions make: LSTM, SVDF and sums of int16."""

from collections.abc import Sequence

from qmcu.compile.kernel_sets.dsp.elementwise import portable, renamed
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.plan import KernelCall

_KERNELS = {
    "CONV_2D int16": "conv_2d_s16",
    "FULLY_CONNECTED int16": "fully_connected_s16",
    "SVDF": "svdf",
    "SVDF int8+int16>int8": "svdf_s16",
    "UNIDIRECTIONAL_SEQUENCE_LSTM int8+int16>int8": "lstm",
    "UNIDIRECTIONAL_SEQUENCE_LSTM int16": "lstm_s16",
}


def lowerings(core: str) -> dict[str, Sequence[Lowering]]:
    """Operator kind and types to the kernels of `core`, dsp, mve or scalar."""
    return {kind: (_lowering(kernel, core),) for kind, kernel in _KERNELS.items()}


def _lowering(kernel: str, core: str) -> Lowering:
    def lower(context: OperatorContext) -> KernelCall | None:
        call, fields = portable(context)
        if call.kernel != kernel or context.input(0).is_constant:
            return None
        return renamed(call, f"{kernel}_{core}", fields)

    return lower
