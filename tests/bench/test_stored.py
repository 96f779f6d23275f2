"""Counts of random graphs are stored an operator at a time."""

from pathlib import Path

import pytest
from bench.operators import stored
from bench.operators.stored import Stored

SETTINGS = {"seed": 0, "board": "stm32f746", "kernels": "portable", "versions": {"qmcu": "1"}}


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "results.json"
    monkeypatch.setattr(stored, "RESULTS", path)
    return path


def test_counts_of_an_operator_join_those_that_are_there() -> None:
    Stored.load(SETTINGS).save({"ADD": {"graphs": 300, "equal": 300}}, "unicorn")
    Stored.load(SETTINGS).save({"SUB": {"graphs": 25, "equal": 24}}, "")
    found = Stored.load(SETTINGS)
    assert found.operators == {
        "ADD": {"graphs": 300, "equal": 300},
        "SUB": {"graphs": 25, "equal": 24},
    }
    assert found.device == "unicorn"
    assert found.graphs("ADD") == 300
    assert found.graphs("MUL") == 0


def test_counts_of_other_settings_do_not_stand_beside_them() -> None:
    Stored.load(SETTINGS).save({"ADD": {"graphs": 300, "equal": 300}}, "unicorn")
    assert Stored.load(SETTINGS | {"seed": 1}).operators == {}
