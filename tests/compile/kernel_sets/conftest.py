"""What every test of kernels shares."""

import pytest

from qmcu.compile import planner


@pytest.fixture(autouse=True)
def _short_climb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where buffers lie is no matter here, so long as they fit: the planner looks for less long."""
    monkeypatch.setattr(planner, "_CLIMB_STEPS", 20)
