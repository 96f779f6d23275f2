"""Which models may be looked at while detectors are made, and which may not: by seed."""

from collections.abc import Mapping, Sequence
from typing import Any

SPLITS = ("develop", "calibrate", "test")
# The first seeds of the other two.
CALIBRATE, TEST = 100, 200


def split_of(seed: int) -> str:
    """develop: seen by whoever makes a detector. calibrate: honest models for thresholds. test:
    opened once for a release.
    """
    return SPLITS[(seed >= CALIBRATE) + (seed >= TEST)]


def count_splits(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """For each split how many honest and how many attacked models there are."""
    found = {}
    for split in SPLITS:
        own = [r["kind"] == "honest" for r in rows if split_of(int(r["seed"])) == split]
        found[split] = (sum(own), len(own) - sum(own))
    return found
