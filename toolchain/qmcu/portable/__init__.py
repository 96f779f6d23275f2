"""The oracle of our own: a model's generated C and the portable kernels, run on this computer.

In: a Graph with its .tflite file. Out: expected bytes, where tflite-micro cannot be installed. The
C is compiled by the host's own compiler where there is one (`host`), else into firmware for a board
with memory to spare, which runs in Unicorn (`emulated`). That the kernels give tflite-micro's bytes
was measured on random graphs of every operator (bench/operators); reports say on how many.
"""

from qmcu.portable.engine import open_engine, portable_version

__all__ = ["open_engine", "portable_version"]
