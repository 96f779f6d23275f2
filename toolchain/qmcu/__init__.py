"""qmcu: from a quantized network to firmware, to evidence of what it does on the device.

The functions and types below are the public library (docs/LIBRARY.md). Behind them are stages, each
a function from one plain data type to the next: `model` (a .tflite becomes a Graph), `compile`
(Graph to Plan), `codegen` (Plan to a C project), `builder` (C project to ELF, map and memory
report), `device` (runs the image on vectors), `comparison` (what came back, against the oracle).
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qmcu.api import audit, build, convert, defend, inspect, test, vectors, verify
    from qmcu.builder.firmware import BuildOptions
    from qmcu.comparison import RunOptions, TestResult
    from qmcu.errors import QmcuError
    from qmcu.firmware import Firmware

__version__ = "0.1.0"

__all__ = [
    "BuildOptions", "Firmware", "QmcuError", "RunOptions", "TestResult",
    "audit", "build", "convert", "defend", "inspect", "test", "vectors", "verify",
]  # fmt: skip

_HOMES = {
    "BuildOptions": "qmcu.builder.firmware",
    "Firmware": "qmcu.firmware",
    "QmcuError": "qmcu.errors",
    "RunOptions": "qmcu.comparison",
    "TestResult": "qmcu.comparison",
}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used: `import qmcu` alone loads nothing else."""
    if name not in __all__:
        raise AttributeError(f"module 'qmcu' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES.get(name, "qmcu.api")), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
