"""ADD, SUB, MUL, PRELU, MEAN, pools and tables for cores without the DSP extension, of any form."""

from collections.abc import Sequence

from qmcu.compile.kernel_sets.dsp.elementwise import TABLES, portable, renamed
from qmcu.compile.kernel_sets.trailing import trailing_pool
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.plan import KernelCall

_KERNELS = {
    "ADD": "add",
    "SUB": "add",
    "MUL": "mul",
    "PRELU": "prelu",
    "MEAN": "mean",
    "SUM": "mean",
    "AVERAGE_POOL_2D": "average_pool_2d",
    "MAX_POOL_2D": "max_pool_2d",
    **dict.fromkeys(TABLES, "lookup"),
}


def lowerings() -> dict[str, Sequence[Lowering]]:
    """Operator kind to its kernel, which takes the arguments of the portable one."""
    return {kind: (_lowering(kernel),) for kind, kernel in _KERNELS.items()}


def _lowering(kernel: str) -> Lowering:
    def lower(context: OperatorContext) -> KernelCall | None:
        call, fields = portable(context)
        if call.kernel != kernel:
            return None
        call = renamed(call, f"{kernel}_scalar", fields)
        return trailing_pool(context, call) if kernel.endswith("pool_2d") else call

    return lower
