"""Kernel sets: for each, the faster lowerings to try before the portable one.

`portable` is plain C for any core; `native` adds packed weights and the core's DSP or vector
instructions; `cmsis-nn` calls the user's copy of Arm's library, and native kernels for what it
lacks. A lowering answers None where its kernel does not fit the operator; the next one
is tried, and the portable one always fits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qmcu.compile.kernel_sets import cmsis_nn, dsp, mve
from qmcu.compile.lowering import Lowering
from qmcu.compile.operators import OPERATORS

KERNEL_SETS = ("portable", "native", "cmsis-nn")
# What to favour where flash or RAM can be traded for instructions.
OPTIMIZATIONS = ("balanced", "speed", "size", "ram")


@dataclass(frozen=True)
class Target:
    """What a plan is made for: kernel set, what to favour, instruction sets of the core."""

    kernels: str = "portable"
    optimize: str = "balanced"
    dsp: bool = False
    fpu: bool = False
    mve: bool = False


def lowerings(target: Target) -> Mapping[str, Sequence[Lowering]]:
    """Operator kind to the lowerings to try in order, the portable one left out."""
    if target.kernels == "portable":
        return {}
    own = _native(target)
    if target.kernels == "native":
        return own
    return cmsis_nn.lowerings(cmsis_nn.Core(target.dsp, target.mve), own, OPERATORS)


def _native(target: Target) -> Mapping[str, Sequence[Lowering]]:
    if target.mve:
        own = mve.LOWERINGS
        others = dsp.lowerings(target.optimize, fpu=target.fpu)
        return {**own, **{kind: found for kind, found in others.items() if kind not in own}}
    if target.dsp:
        return dsp.lowerings(target.optimize, fpu=target.fpu)
    return {}
