"""What follows from a core's name, set against Arm's manuals."""

import pytest

from qmcu.board import Core
from qmcu.board.description import CPUS

# CPU: DSP extension, vector extension. The M33's and M55's boards here have the optional ones.
EXTENSIONS = {
    "cortex-m0": (False, False),
    "cortex-m0plus": (False, False),
    "cortex-m3": (False, False),
    "cortex-m4": (True, False),
    "cortex-m7": (True, False),
    "cortex-m33": (True, False),
    "cortex-m55": (True, True),
    "cortex-m85": (True, True),
}


@pytest.mark.parametrize("cpu", CPUS)
def test_every_core_has_its_extensions(cpu: str) -> None:
    assert (Core(cpu).has_dsp, Core(cpu).has_mve) == EXTENSIONS[cpu]
