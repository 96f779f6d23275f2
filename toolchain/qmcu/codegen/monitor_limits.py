"""What a monitored firmware is told: which activations to look at, and what is usual of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import Meta

from qmcu import documents
from qmcu.types import Count, Fraction, Int8Array, Int64Array, Positive, Sha256

# In the order of the firmware's counters: runtime/monitor.h.
STATISTICS = ("outside", "saturated", "deviation", "margin", "distance")
# In a firmware directory.
LIMITS_FILE = "monitor.json"
MAX_FEATURES, MAX_CLASSES = 256, 64
_Byte = Annotated[int, Meta(ge=-128, le=127)]
_Weight = Annotated[int, Meta(ge=1, le=255)]
_Word = Annotated[int, Meta(ge=-(1 << 31), le=(1 << 31) - 1)]


@dataclass(frozen=True)
class MonitoredLayer:
    """Every `stride`-th element of a tensor, `count` of them; `name` is for people."""

    tensor: Count
    name: str
    stride: Positive
    count: Positive


@dataclass(frozen=True)
class MonitorLimits:
    """Limits of one model, of int8 values throughout.

    The features are the sampled elements of `layers`, one layer after the other; `low` and `high`
    hold the range of each, `usual_sum` what they add up to. `centres` are what the last layer's are
    for each class, `weights` 255 by how far from that they usually are. `scores` is the tensor
    whose largest element is the class. `limits` are by the order of STATISTICS the largest values
    that raise no alarm; `false_alarms` is the share of
    held-out inputs above one of them, of `held_out`. `classes` counts what those were taken for.
    """

    __schema__ = "monitor-1"

    model: str
    model_sha256: Sha256
    layers: tuple[MonitoredLayer, ...]
    scores: MonitoredLayer
    low: tuple[_Byte, ...]
    high: tuple[_Byte, ...]
    usual_sum: _Word
    centres: tuple[tuple[_Byte, ...], ...]
    weights: tuple[tuple[_Weight, ...], ...]
    limits: tuple[_Word, ...]
    classes: tuple[Count, ...]
    held_out: Positive
    false_alarms: Fraction

    @property
    def features(self) -> int:
        """How many elements are looked at."""
        return sum(layer.count for layer in self.layers)

    def seen(self, features: Int8Array, scores: Int8Array) -> Int64Array:
        """The statistics of each row, as the firmware computes them: [N, 5].

        `features` is [N, features], `scores` [N, classes].
        """
        values = features.astype(np.int64)
        low, high = np.array(self.low), np.array(self.high)
        outside = (values < low) | (values > high)
        saturated = outside & ((values == 127) | (values == -128))
        deviation = np.abs(values.sum(1) - self.usual_sum)
        best = scores.argmax(1)
        ordered = np.sort(scores.astype(np.int64), axis=1)
        margin = ordered[:, -2] - ordered[:, -1]
        centred = np.array(self.centres, np.int64)[best]
        weights = np.array(self.weights, np.int64)[best]
        away = np.abs(values[:, -centred.shape[1] :] - centred)
        distance = (away * weights).sum(1) >> 8
        return np.stack([outside.sum(1), saturated.sum(1), deviation, margin, distance], axis=1)


def load_limits(path: Path) -> MonitorLimits:
    """Read what `qmcu monitor fit` wrote. Raises UsageError."""
    return documents.load(
        path, MonitorLimits, "monitor's limits", made_by="qmcu monitor fit", check=_check
    )


def _check(limits: MonitorLimits) -> None:
    features, classes = limits.features, limits.scores.count
    if not limits.layers or features > MAX_FEATURES:
        raise ValueError(f"it has {features} features; 1 to {MAX_FEATURES} are possible")
    if not 2 <= classes <= MAX_CLASSES or len(limits.classes) != classes:
        raise ValueError(f"it has {classes} classes; 2 to {MAX_CLASSES} are possible")
    if len(limits.low) != features or len(limits.high) != features:
        raise ValueError(f"it has ranges of other than its {features} features")
    for rows in (limits.centres, limits.weights):
        if len(rows) != classes or any(len(row) != limits.layers[-1].count for row in rows):
            raise ValueError("its centres and weights are not of its last layer and classes")
    if len(limits.limits) != len(STATISTICS):
        raise ValueError(f"it has {len(limits.limits)} limits instead of {len(STATISTICS)}")
