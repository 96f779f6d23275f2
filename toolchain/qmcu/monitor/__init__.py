"""Monitoring after deployment: limits learned from inputs, counters on the device, what they tell.

`fit_monitor` learns `MonitorLimits` from a model and inputs; `qmcu build --monitor` compiles them
into the firmware, which holds every inference against them; `watch` reads its counters.
"""

from qmcu.codegen.monitor_limits import STATISTICS, MonitoredLayer, MonitorLimits, load_limits
from qmcu.monitor.fitting import fit_monitor
from qmcu.monitor.readings import Reading, parse_reading
from qmcu.monitor.watching import Judgement, Window, judge, watch

__all__ = [
    "STATISTICS",
    "Judgement",
    "MonitorLimits",
    "MonitoredLayer",
    "Reading",
    "Window",
    "fit_monitor",
    "judge",
    "load_limits",
    "parse_reading",
    "watch",
]
