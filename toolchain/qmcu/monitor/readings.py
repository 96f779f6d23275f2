"""The counters of a monitored firmware, as MONITOR's answer holds them."""

import struct
from dataclasses import dataclass

from qmcu.codegen.monitor_limits import STATISTICS
from qmcu.device.session import Session
from qmcu.errors import DeviceError

_HEAD = struct.Struct("<6I")
_STATISTIC = struct.Struct("<IiiIi")


@dataclass(frozen=True)
class StatisticReading:
    """One statistic: inferences above its limit, the last value, the largest, the sum of all."""

    alarms: int
    last: int
    most: int
    sum: int


@dataclass(frozen=True)
class Reading:
    """The counters since the last reset; `last_alarms` names what was above its limit last."""

    inferences: int
    alarms: int
    last_class: int
    last_alarms: tuple[str, ...]
    statistics: tuple[StatisticReading, ...]
    classes: tuple[int, ...]


def parse_reading(payload: bytes) -> Reading:
    """MONITOR's payload after request_crc. Raises DeviceError when malformed."""
    if len(payload) < _HEAD.size:
        raise DeviceError(f"the MONITOR answer has {len(payload)} bytes, too few.")
    count, classes, inferences, alarms, last_class, last_alarms = _HEAD.unpack_from(payload)
    expected = _HEAD.size + count * _STATISTIC.size + 4 * classes
    if count != len(STATISTICS) or len(payload) != expected:
        raise DeviceError(
            f"the MONITOR answer has {len(payload)} bytes and {count} statistics, this qmcu "
            f"knows {len(STATISTICS)}; build the firmware again."
        )
    statistics = []
    for number in range(count):
        at = _HEAD.size + number * _STATISTIC.size
        raised, last, most, low, high = _STATISTIC.unpack_from(payload, at)
        statistics.append(StatisticReading(raised, last, most, (high << 32) + low))
    return Reading(
        inferences=inferences,
        alarms=alarms,
        last_class=last_class,
        last_alarms=tuple(n for i, n in enumerate(STATISTICS) if last_alarms >> i & 1),
        statistics=tuple(statistics),
        classes=struct.unpack_from(f"<{classes}I", payload, expected - 4 * classes),
    )


def read_counters(session: Session, *, reset: bool = False) -> Reading:
    """Ask for the counters, and make them 0 with `reset`. Raises DeviceError."""
    return parse_reading(session.monitor(reset))
