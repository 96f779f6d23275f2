"""Graph in, Plan out.

Every operator is checked against the one statement of what is supported (`operators`), lowered
to a kernel call with its constants, and its tensors are placed in one arena (`planner`).
"""

from qmcu.compile.compiler import (
    alternatives,
    compile_graph,
    compile_streamed,
    overlay_everywhere,
)
from qmcu.compile.kernel_sets import KERNEL_SETS, OPTIMIZATIONS, CompileOptions, FormChoice
from qmcu.compile.plan import Plan
from qmcu.compile.support import refuse_unsupported, unsupported

__all__ = [
    "KERNEL_SETS",
    "OPTIMIZATIONS",
    "CompileOptions",
    "FormChoice",
    "Plan",
    "alternatives",
    "compile_graph",
    "compile_streamed",
    "overlay_everywhere",
    "refuse_unsupported",
    "unsupported",
]  # fmt: skip
