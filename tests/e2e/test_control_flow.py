"""Branches and loops on emulated boards: every output equal, traced and profiled by layer."""

from pathlib import Path

import pytest
from tests.support.branching_models import choice, countdown

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.comparison import RunOptions, run_vectors
from qmcu.firmware import Firmware
from qmcu.model.graph import Graph
from qmcu.model.vectors import random_vectors
from qmcu.model.writer import write_model


@pytest.mark.parametrize("graph", [choice(), countdown(3)], ids=lambda graph: graph.name)
def test_every_output_is_equal(graph: Graph, tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(write_model(graph))
    build_firmware(model, load_board("stm32f746"), tmp_path / "firmware", BuildOptions("native"))
    firmware = Firmware.load(tmp_path / "firmware")
    vectors = random_vectors(*firmware.model, 6, seed=2)
    result = run_vectors(firmware, "unicorn", vectors, "random", RunOptions(1, trace=True))
    assert result.passed
    assert result.profile is not None
    names = [name for name, _ in result.profile.layers]
    assert names == [layer.name for layer in firmware.plan.layers]
    assert any(name.endswith(("_if", "_while")) for name in names)
