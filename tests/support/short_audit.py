"""Audits without the detectors that search the longest."""

import pytest

from qmcu.backdoor.detectors.method import DETECTORS, load_detectors

LONGEST = ("clipping-inversion", "gap-inversion")


def shorten_audits(patch: pytest.MonkeyPatch, *names: str) -> None:
    """Leave out detectors, the LONGEST if none is named: for what is made of a verdict, not for
    which it is. detectors/test_run.py, test_input_pairs.py and test_auto.py have all of them.
    """
    load_detectors()
    for name in names or LONGEST:
        patch.delitem(DETECTORS.data, name)
