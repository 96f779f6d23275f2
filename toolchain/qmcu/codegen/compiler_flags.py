"""How kernels are compiled: for speed, without what costs bytes and saves no instructions."""

from qmcu.board.description import Core

PLAIN = "-O2"
# One region for all registers of a function, not one a loop: 20 to 200 bytes less an image. Kernels
# that take more instructions so say (regions.h).
_ONE_REGION = "-fira-region=one"
# What a variable is behind a loop is what the loop left, not computed once more: up to 300 bytes
# less an image. Cortex-M0+ takes up to 3 % more instructions so, convolutions in plain C 8 to 15 %
# on Cortex-M4.
_NO_FINAL_VALUES = "-fno-tree-scev-cprop"
# Blocks that are not copied to save a test, or a jump, which loops of Cortex-M3 gain by.
_NO_DOMINATORS = "-fno-tree-dominator-opts"
_FEWER_COPIES = ("-fno-thread-jumps", _NO_DOMINATORS)
# Addresses are counted up by vector loads and stores themselves.
_PLAIN_ADDRESSES = "-fno-ivopts"
# Conditions that stand once, before a loop's body, and what does not change computed where it is
# used: 60 to 150 bytes less on Cortex-M4 for up to 6 % more instructions, mostly under half a one.
_SMALLER = ("-fno-tree-ch", "-fno-move-loop-invariants")


def fast_flags(core: Core, optimize: str = "balanced", kernels: str = "native") -> tuple[str, ...]:
    """GCC's options for the model and its kernels on this core, by what counting said.

    `optimize` is the build's setting; `size` takes more of what saves bytes. `kernels` is one of
    KERNEL_SETS.
    """
    found = (*_by_core(core), *(_SMALLER if optimize == "size" else ()))
    return tuple(flag for flag in found if kernels != "portable" or flag != _NO_FINAL_VALUES)


def _by_core(core: Core) -> tuple[str, ...]:
    if core.has_mve:
        return (PLAIN, _ONE_REGION, _NO_FINAL_VALUES, *_FEWER_COPIES, _PLAIN_ADDRESSES)
    if core.has_dsp:
        return (PLAIN, _ONE_REGION, _NO_FINAL_VALUES)
    if core.cpu == "cortex-m3":
        return (PLAIN, _ONE_REGION, _NO_FINAL_VALUES, _NO_DOMINATORS)
    return (PLAIN, _ONE_REGION, *_FEWER_COPIES)
