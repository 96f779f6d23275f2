"""No setting is worse than another at what it is named for, on any model that is here."""

from pathlib import Path

import pytest
from tests.support.firmware_project import write_residual
from tests.support.places import SHARED

from qmcu.board import load_board
from qmcu.builder import BuildOptions
from qmcu.builder.firmware import compile_plan
from qmcu.compile import OPTIMIZATIONS
from qmcu.compile.flash import total
from qmcu.compile.plan import Plan
from qmcu.errors import UnsupportedModelError

# What takes long to plan four times is left out.
LARGEST = 60_000


def plans(model: Path, board: str) -> dict[str, Plan]:
    chosen = load_board(board)
    return {
        name: compile_plan(model, chosen, BuildOptions(optimize=name)) for name in OPTIMIZATIONS
    }


def check(model: Path, board: str) -> None:
    made = plans(model, board)
    arenas = {name: plan.arena_size for name, plan in made.items() if name != "speed"}
    constants = {name: total(plan.calls) for name, plan in made.items()}
    assert arenas["ram"] == min(arenas.values()), (model.name, arenas)
    assert constants["size"] == min(constants.values()), (model.name, constants)
    assert {plan.optimize for plan in made.values()} == set(OPTIMIZATIONS)


@pytest.mark.parametrize("board", ["stm32f407", "mps3-an547", "rpi-pico"])
def test_a_small_model(board: str, tmp_path: Path) -> None:
    check(write_residual(tmp_path), board)


@pytest.mark.parametrize("board", ["rp2350", "nrf5340-dk", "mps2-an505"])
def test_a_cortex_m33_gets_what_a_cortex_m4_gets(board: str, tmp_path: Path) -> None:
    model = write_residual(tmp_path)
    assert plans(model, board) == plans(model, "stm32f407")


@pytest.mark.slow
@pytest.mark.parametrize("board", ["stm32f407", "mps3-an547", "rpi-pico"])
def test_real_models(board: str) -> None:
    models = [
        p
        for p in sorted((SHARED / "models" / "wild").glob("*.tflite"))
        if p.stat().st_size < LARGEST
    ]
    if not models:
        pytest.skip("../shared/models/wild is not here")
    done = 0
    for model in models:
        try:
            check(model, board)
        except UnsupportedModelError:
            continue
        done += 1
    assert done > len(models) // 2
