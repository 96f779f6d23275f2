"""Layers streamed through each other, some rows at a time, where that makes the arena smaller.

For a chain of layers of which no tensor between need exist as a whole (Lin et al., "MCUNetV2",
2021, run such layers a patch at a time and compute the patches' borders twice; here rows are kept,
and nothing is computed twice). `stream` finds the ranges of layers and the rows at a time by which
the arena's peak is least, and gives their calls; the planner places their buffers like all others.
"""

from qmcu.compile.streams.calls import Forms
from qmcu.compile.streams.faster import faster_forms, is_part
from qmcu.compile.streams.memory import Streamed, plain
from qmcu.compile.streams.search import stream, stream_anyhow

__all__ = [
    "Forms",
    "Streamed",
    "faster_forms",
    "is_part",
    "plain",
    "stream",
    "stream_anyhow",
]
