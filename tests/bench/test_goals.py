"""What no change may cost: the goals of bench/performance/peers.toml."""

import json
import tomllib
from pathlib import Path

import pytest
from bench.performance.__main__ import PEERS
from bench.performance.document import RESULTS
from bench.performance.goals import held
from bench.performance.models import mobilenet

from qmcu.board import load_board
from qmcu.builder import Category, build_firmware, find_tool
from qmcu.model.writer import write_model

GOALS = {name: peer["goal"] for name, peer in tomllib.loads(PEERS.read_text()).items()}
MODELS = Path("../shared/models")
FILES = {name: peer.get("file") for name, peer in tomllib.loads(PEERS.read_text()).items()}
_STACK = 512  # of an inference, but with Winograd's kernel
_WINOGRAD_STACK = 1152


def test_the_committed_results_meet_every_goal() -> None:
    rows = json.loads(RESULTS.read_text())["rows"]
    for row in rows:
        goal = GOALS[row["model"]]
        if (row["kernels"], row["optimize"]) != ("native", "balanced") or row["column"] == "m7":
            continue
        assert row["equal"] == row["vectors"] > 0, row
        assert held(row, "count") <= goal[row["column"]], row
        assert held(row, "code") <= goal["code"], row
        assert held(row, "ram") <= goal["ram"], row


def test_a_goal_of_code_leaves_out_the_measured_proof_of_the_image_alone() -> None:
    rows = json.loads(RESULTS.read_text())["rows"]
    for row in rows:
        # SHA-256 with its constants, and the image's parts: the same objects in every image.
        assert 700 < row["proof"] < 1100, row
        assert held(row, "code") == row["code"] - row["proof"]
        assert held(row, "ram") == row["ram"]


def test_cortex_m7_takes_about_the_instructions_of_cortex_m4() -> None:
    rows = json.loads(RESULTS.read_text())["rows"]
    counts = {
        (row["model"], row["column"]): row["count"]
        for row in rows
        if (row["kernels"], row["optimize"]) == ("native", "balanced")
    }
    for model in GOALS:
        assert counts[model, "m7"] == pytest.approx(counts[model, "m4"], rel=0.03)


@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
@pytest.mark.parametrize("board", ["stm32f407", "mps3-an547"])
@pytest.mark.parametrize("name", GOALS)
def test_code_and_ram_of_todays_firmware_are_within_the_goals(
    tmp_path: Path, name: str, board: str
) -> None:
    path = tmp_path / "mobilenet.tflite"
    if FILES[name] is None:
        path.write_bytes(write_model(mobilenet()))
    else:
        path = MODELS / FILES[name]
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    report = build_firmware(path, load_board(board), tmp_path / "firmware")
    row = {"code": report.code, "proof": report.proof}
    assert held(row, "code") <= GOALS[name]["code"]
    used = report.total(Category.ARENA) + report.total(Category.STATIC, "RAM")
    transformed = name == "resnet8" and board == "stm32f407"
    assert used + (_WINOGRAD_STACK if transformed else _STACK) <= GOALS[name]["ram"]
