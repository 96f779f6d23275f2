"""A float model, data and a board in; what each quantization scheme costs and risks out.

For every scheme, with and without a defence: accuracy on host and device, bytes, instructions, the
attack success rate of a trigger, and how much could be hidden inside the rounding cells.
"""

from qmcu.frontier.points import DeviceFigures, Estimate, Freedom, Frontier, Point
from qmcu.frontier.sweep import sweep
from qmcu.frontier.work import Source, Sweep, load_sweep

__all__ = [
    "DeviceFigures",
    "Estimate",
    "Freedom",
    "Frontier",
    "Point",
    "Source",
    "Sweep",
    "load_sweep",
    "sweep",
]
