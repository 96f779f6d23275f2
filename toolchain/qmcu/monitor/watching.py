"""Watching a device: its counters window by window, and what is unusual in each."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qmcu.codegen.monitor_limits import STATISTICS, MonitorLimits
from qmcu.monitor.readings import Reading
from qmcu.types import Amount, Count, Fraction

# Population stability index: above this a distribution is commonly said to have changed.
DRIFT = 0.25
# Standard deviations of chance that are allowed for.
_DEVIATIONS = 3.0
_LEAST = 30


@dataclass(frozen=True)
class Judgement:
    """What is unusual in a window, each in a sentence; `drift` is the PSI of its classes."""

    drift: Amount
    drift_limit: Amount
    alarms: tuple[str, ...]


@dataclass(frozen=True)
class Window:
    """The inferences between two readings; `at` is seconds since 1970.

    `raised` are the inferences above a limit, by STATISTICS and in all; `means` what the
    statistics were on average.
    """

    at: Amount
    inferences: Count
    raised: Count
    raised_by: tuple[Count, ...]
    means: tuple[float, ...]
    classes: tuple[Count, ...]
    judgement: Judgement

    @property
    def share(self) -> Fraction:
        """The share of inferences that raised an alarm."""
        return self.raised / self.inferences if self.inferences else 0.0


def window_between(limits: MonitorLimits, before: Reading | None, after: Reading) -> Window:
    """What happened between two readings; a device that was reset begins anew."""
    if before is not None and before.inferences > after.inferences:
        before = None
    count = after.inferences - (before.inferences if before else 0)
    raised = after.alarms - (before.alarms if before else 0)
    earlier = before.statistics if before else None
    raised_by = tuple(
        s.alarms - (earlier[i].alarms if earlier else 0) for i, s in enumerate(after.statistics)
    )
    sums = [s.sum - (earlier[i].sum if earlier else 0) for i, s in enumerate(after.statistics)]
    classes = tuple(n - (before.classes[i] if before else 0) for i, n in enumerate(after.classes))
    judgement = judge(limits, count, raised, raised_by, classes)
    means = tuple(s / count if count else 0.0 for s in sums)
    return Window(time.time(), count, raised, raised_by, means, classes, judgement)


def judge(
    limits: MonitorLimits, count: int, raised: int, raised_by: Sequence[int], classes: Sequence[int]
) -> Judgement:
    """Hold a window of `count` inferences against what was learned."""
    found = []
    allowed = _most_by_chance(_usual_share(limits), count)
    if raised > allowed:
        worst = max(range(len(STATISTICS)), key=lambda i: raised_by[i])
        found.append(
            f"{raised} of {count} inputs are out of the usual, up to {allowed} would be by chance; "
            f"mostly by their {STATISTICS[worst]}"
        )
    saturated = raised_by[STATISTICS.index("saturated")]
    if saturated > _most_by_chance(1 / limits.held_out, count):
        found.append(f"{saturated} of {count} inputs saturate features that never were")
    drift = stability(limits.classes, classes)
    limit = drift_limit(sum(limits.classes), sum(classes), len(classes))
    if count >= _LEAST and drift > limit:
        moved = max(
            range(len(classes)),
            key=lambda k: abs(classes[k] / count - limits.classes[k] / sum(limits.classes)),
        )
        found.append(
            f"classes drift (PSI {drift:.2f}, usual up to {limit:.2f}): class {moved} is "
            f"{classes[moved] / count:.0%} of inputs, usually "
            f"{limits.classes[moved] / sum(limits.classes):.0%}"
        )
    return Judgement(drift, limit, tuple(found))


def stability(usual: Sequence[int], seen: Sequence[int]) -> float:
    """Population stability index of two histograms, half an input added to each class."""
    p_total, q_total = sum(usual) + 0.5 * len(usual), sum(seen) + 0.5 * len(seen)
    total = 0.0
    for a, b in zip(usual, seen, strict=True):
        p, q = (a + 0.5) / p_total, (b + 0.5) / q_total
        total += (q - p) * math.log(q / p)
    return total


def drift_limit(usual: int, seen: int, classes: int) -> float:
    """DRIFT, or what samples of these sizes reach by chance: PSI n m / (n + m) is about a
    chi-squared of classes - 1 degrees of freedom."""
    if not usual or not seen:
        return math.inf
    degrees = classes - 1
    chance = degrees + _DEVIATIONS * math.sqrt(2 * degrees)
    return max(DRIFT, chance * (1 / usual + 1 / seen))


def _usual_share(limits: MonitorLimits) -> float:
    """What share of usual inputs is above a limit, at most: it was counted on few of them."""
    share = max(limits.false_alarms, 1 / limits.held_out)
    return share + _DEVIATIONS * math.sqrt(share * (1 - share) / limits.held_out)


def _most_by_chance(share: float, count: int) -> int:
    """Of `count`, as many as `share` gives with three standard deviations, and one."""
    return math.ceil(share * count + _DEVIATIONS * math.sqrt(share * (1 - share) * count)) + 1


def watch(
    read: Callable[[], Reading], limits: MonitorLimits, count: int | None, every_s: float
) -> Iterator[Window]:
    """A window a reading, `count` of them or for ever, `every_s` seconds apart.

    What was counted before the first reading is in the first window. Raises as `read` does.
    """
    before: Reading | None = None
    number = 0
    while count is None or number < count:
        started = time.monotonic()
        after = read()
        yield window_between(limits, before, after)
        before, number = after, number + 1
        if count is None or number < count:
            time.sleep(max(0.0, every_s - (time.monotonic() - started)))
