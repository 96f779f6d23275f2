"""Streaming models of others over fifty steps: state kept and reset, every byte equal."""

from pathlib import Path

import pytest

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.comparison import RunOptions, run_vectors
from qmcu.firmware import Firmware
from qmcu.model.vectors import random_vectors


@pytest.mark.parametrize(
    ("model", "board", "target"),
    [
        ("okay_nabu-esphome", "stm32f746", "unicorn"),
        ("okay_nabu-esphome", "mps3-an547", "qemu"),
        ("vad-esphome", "stm32f407", "unicorn"),
    ],
)
def test_a_streaming_model(
    shared_models: Path, tmp_path: Path, model: str, board: str, target: str
) -> None:
    path = shared_models / "wild" / f"{model}.tflite"
    if not path.is_file():
        pytest.skip(f"{path.name} is not there")
    build_firmware(path, load_board(board), tmp_path / "firmware", BuildOptions("native"))
    firmware = Firmware.load(tmp_path / "firmware")
    vectors = random_vectors(*firmware.model, 2, steps=50)
    result = run_vectors(firmware, target, vectors, "random", RunOptions(1))
    assert (result.equal, result.vectors, result.steps) == (100, 100, 50)
