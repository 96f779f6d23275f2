"""Plan and Board in, a C project out.

The project is a folder that builds on its own with make or CMake: the model as readable C, the
kernels it calls, the runtime, the port of the board's chip family, linker script and Makefile.
`protocols` knows what MLPerf Tiny's protocol needs beside that.
"""

from qmcu.codegen.models import Models
from qmcu.codegen.project import generate_image, generate_project
from qmcu.codegen.protocols import BENCHMARKS, PROTOCOLS, MlperfBenchmark, choose_benchmark

__all__ = [
    "BENCHMARKS",
    "PROTOCOLS",
    "MlperfBenchmark",
    "Models",
    "choose_benchmark",
    "generate_image",
    "generate_project",
]
