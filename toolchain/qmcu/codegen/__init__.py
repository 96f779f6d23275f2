"""Plan and Board in, a C project out.

The project is a folder that builds on its own with make or CMake: the model as readable C, the
kernels it calls, the runtime, the port of the board's chip family, linker script and Makefile.
"""

from qmcu.codegen.project import generate_project

__all__ = ["generate_project"]
