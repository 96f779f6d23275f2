"""Kernel sets: for each, the faster lowerings to try before the portable one.

`portable` is plain C for any core; `native` adds packed weights and the core's DSP or vector
instructions; `cmsis-nn` calls the user's copy of Arm's library, and native kernels for what it
lacks. A lowering answers None where its kernel does not fit the operator; the next one
is tried, and the portable one always fits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qmcu.compile.kernel_sets import cmsis_nn, dsp, mve
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators import OPERATORS
from qmcu.compile.operators.weights import has_int4_weights
from qmcu.compile.plan import KernelCall

KERNEL_SETS = ("portable", "native", "cmsis-nn")
# What to favour where flash or RAM can be traded for instructions.
OPTIMIZATIONS = ("balanced", "speed", "size", "ram")

# Operators whose weights may be int4: packed in flash, they have kernels of their own.
PACKED_KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


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
    found = _for_bytes(target)
    return {
        kind: tuple(_unless_packed(lower) for lower in found[kind])
        if kind in PACKED_KINDS
        else found[kind]
        for kind in found
    }


def _unless_packed(lower: Lowering) -> Lowering:
    def guarded(context: OperatorContext) -> KernelCall | None:
        return None if has_int4_weights(context) else lower(context)

    return guarded


def _for_bytes(target: Target) -> Mapping[str, Sequence[Lowering]]:
    if target.mve:
        own = mve.LOWERINGS
        others = dsp.lowerings(target.optimize, fpu=target.fpu)
        return {**own, **{kind: found for kind, found in others.items() if kind not in own}}
    if target.dsp:
        return dsp.lowerings(target.optimize, fpu=target.fpu)
    return {}
