"""How kernels are compiled: for speed, without what costs bytes and saves no instructions."""

from qmcu.board.description import Core

PLAIN = "-O2"
# One region for all registers of a function, not one a loop: 20 to 200 bytes less an image. Kernels
# that take more instructions so say (regions.h).
_ONE_REGION = "-fira-region=one"
# Blocks that are not copied to save a jump.
_FEWER_COPIES = ("-fno-thread-jumps", "-fno-tree-dominator-opts")
# Addresses are counted up by vector loads and stores themselves.
_PLAIN_ADDRESSES = "-fno-ivopts"


def fast_flags(core: Core) -> tuple[str, ...]:
    """GCC's options for the model and its kernels on this core, by what counting said."""
    if core.has_mve:
        return (PLAIN, _ONE_REGION, *_FEWER_COPIES, _PLAIN_ADDRESSES)
    if core.has_dsp:
        return (PLAIN, _ONE_REGION)
    return (PLAIN, _ONE_REGION, *_FEWER_COPIES)
