"""A model and a board in, a folder for another build system out.

A PlatformIO project holds the whole firmware. The others hold the model as a library with a public
header of three functions and an example, for a firmware that exists already: plain CMake, a Zephyr
module, a CMSIS-Toolbox csolution, an Arduino and PlatformIO library.
"""

from qmcu.export.exporter import KINDS, MARKER, export_model

__all__ = ["KINDS", "MARKER", "export_model"]
