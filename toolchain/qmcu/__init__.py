"""qmcu: from a quantized network to firmware, to evidence of what it does on the device.

The stages, each a function from one plain data type to the next:
`model` (a .tflite becomes a Graph), `compile` (Graph to Plan), `codegen` (Plan to a C project),
`build` (C project to ELF, map and memory report), `device` (runs the image on vectors).
"""

__version__ = "0.1.0"
