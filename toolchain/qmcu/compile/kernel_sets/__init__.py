"""Kernel sets: for each, the faster lowerings to try before the portable one.

`portable` is plain C for any core; `native` adds packed weights and the core's DSP or vector
instructions. A lowering answers None where its kernel does not fit the operator; the next one
is tried, and the portable one always fits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qmcu.compile.kernel_sets import dsp
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.plan import KernelCall

Lowering = Callable[[OperatorContext], KernelCall | None]

KERNEL_SETS = ("portable", "native")


@dataclass(frozen=True)
class CoreFeatures:
    """Instruction set extensions of the core that the firmware is for."""

    dsp: bool = False
    mve: bool = False


PLAIN_CORE = CoreFeatures()


def lowerings(kernels: str, features: CoreFeatures) -> Mapping[str, Sequence[Lowering]]:
    """Operator kind to the lowerings to try in order, the portable one left out.

    Raises ValueError for a name that is not in KERNEL_SETS.
    """
    if kernels not in KERNEL_SETS:
        raise ValueError(f"there is no kernel set {kernels!r}")
    if kernels == "portable":
        return {}
    return dsp.LOWERINGS if features.dsp else {}
