"""Kernel sets: for each, the faster lowerings to try before the portable one.

`portable` is plain C for any core; `native` adds packed weights and the core's DSP or vector
instructions; `cmsis-nn` calls the user's copy of Arm's library, and native kernels for what it
lacks. A lowering answers None where its kernel does not fit the operator; the next one
is tried, and the portable one always fits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from qmcu.compile.kernel_sets import cmsis_nn, cmsis_nn_calls, dsp, mve, scalar, softmax
from qmcu.compile.kernel_sets.grouped import MVE, with_groups
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
class FormChoice:
    """The form that a layer is to have, by `compile.alternatives`' name, and why, for people."""

    operator: int
    form: str
    why: str = ""


@dataclass(frozen=True)
class CompileOptions:
    """What a plan is made for: kernel set, what to favour, instruction sets of the core.

    `forms` are what was chosen for layers in place of what rules would take. `flash` is how
    much there is for constants that save instructions, None where that is not known.
    """

    kernels: str = "portable"
    optimize: str = "balanced"
    dsp: bool = False
    fpu: bool = False
    mve: bool = False
    forms: tuple[FormChoice, ...] = ()
    flash: int | None = None


def lowerings(options: CompileOptions) -> Mapping[str, Sequence[Lowering]]:
    """Operator kind to the lowerings to try in order, the portable one left out."""
    if options.kernels == "portable":
        return {}
    own = _native(replace(options, kernels="native", forms=(), flash=None))
    if options.kernels == "native":
        return own
    return cmsis_nn.lowerings(cmsis_nn_calls.Core(options.dsp, options.mve), own, OPERATORS)


def peer_lowerings(options: CompileOptions) -> Sequence[Mapping[str, Sequence[Lowering]]]:
    """The kernels whose arena is enough: forms with less scratch are taken where it is larger.

    The smaller one first: plain C, which has no scratch, on cores without DSP, and CMSIS-NN's for
    the same core. None where the setting spends RAM, or searches for less anyhow.
    """
    if options.kernels != "native" or options.optimize in ("speed", "ram"):
        return ()
    library = lowerings(replace(options, kernels="cmsis-nn"))
    return (library,) if options.dsp else ({}, library)


def is_as_fast(call: KernelCall, other: KernelCall) -> bool:
    """Whether another form of a layer has the same inner loop."""
    packed = scalar.is_packed(call)
    return packed == scalar.is_packed(other) and (packed or call.kernel == other.kernel)


# A compilation asks half a dozen times, for hundreds of functions.
@cache
def _native(options: CompileOptions) -> Mapping[str, Sequence[Lowering]]:
    found = dict(_for_bytes(options))
    vectors = mve.INT4_LOWERINGS if options.mve else {}
    packed = dsp.int4_lowerings() if options.dsp else {}
    for kind in PACKED_KINDS:
        whole = [_for_int8(lower) for lower in found[kind]]
        unpacked = [_unpacked(_for_int4(lower)) for lower in found[kind]]
        smaller = [_for_int4(lower) for lower in (*vectors.get(kind, ()), *packed.get(kind, ()))]
        if options.optimize == "size":
            unpacked = []
        # The vector kernels of depthwise layers, whose weights are few, know no int4.
        unpacked_first = options.optimize == "speed" or (options.mve and not vectors.get(kind))
        forms = (*unpacked, *smaller) if unpacked_first else (*smaller, *unpacked)
        found[kind] = (*whole, *forms)
    return found


def _for_int8(lower: Lowering) -> Lowering:
    return lambda context: None if has_int4_weights(context) else lower(context)


def _for_int4(lower: Lowering) -> Lowering:
    return lambda context: lower(context) if has_int4_weights(context) else None


def _unpacked(lower: Lowering) -> Lowering:
    """A lowering to a kernel for bytes, int4 weights unpacked in flash."""

    def lowered(context: OperatorContext) -> KernelCall | None:
        call = lower(context)
        if call is None or not has_int4_weights(context):
            return call
        more = call.constant_size - context.input(1).size
        trade = f"int4 weights unpacked: {more:,} bytes more flash for fewer instructions"
        return replace(call, int4="unpacked", trade=trade)

    return lowered


def _for_bytes(options: CompileOptions) -> Mapping[str, Sequence[Lowering]]:
    core = "mve" if options.mve else "dsp" if options.dsp else "scalar"
    found = _by_core(options)
    tables = softmax.lowerings(core, options.optimize)
    return {**found, **{kind: (*t, *found.get(kind, ())) for kind, t in tables.items()}}


def _by_core(options: CompileOptions) -> Mapping[str, Sequence[Lowering]]:
    if options.mve:
        groups = with_groups(
            mve.CONVOLUTIONS, mve.lower_groups, dsp.ZEROS_FROM[options.optimize], MVE
        )
        own = mve.lowerings(options.optimize)
        own["CONV_2D"] = (*own["CONV_2D"], *groups)
        others = dsp.lowerings(options.optimize, fpu=options.fpu)
        # Such a core has the DSP extension too: what no vector kernel takes goes there.
        return {kind: (*own.get(kind, ()), *others.get(kind, ())) for kind in {**others, **own}}
    if options.dsp:
        return dsp.lowerings(options.optimize, fpu=options.fpu, along=True)
    return scalar.lowerings()
