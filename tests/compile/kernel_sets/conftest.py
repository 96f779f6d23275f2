"""What every test of kernels shares."""

from collections.abc import Iterator

import pytest

from qmcu.compile import kernel_sets, planner


@pytest.fixture(autouse=True)
def _short_climb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where buffers lie is no matter here, so long as they fit: the planner looks for less long."""
    monkeypatch.setattr(planner, "_CLIMB_STEPS", 20)


@pytest.fixture(autouse=True)
def _own_tables() -> Iterator[None]:
    """A test may put another lowering in place of one: tables are made anew with it, and after."""
    kernel_sets._native.cache_clear()
    yield
    kernel_sets._native.cache_clear()
