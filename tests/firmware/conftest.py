"""Firmware of a two-layer model, built once for each board, and the same with a crash put in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from qmcu.board import load_board
from qmcu.build.builder import build_project
from qmcu.codegen import generate_project
from qmcu.compile.plan import (
    Constant,
    ConstantArgument,
    KernelCall,
    ParametersArgument,
    Placement,
    Plan,
    PlanTensor,
    TensorArgument,
)

SIZE = 600  # more than two COBS blocks
ADDED = 4  # what the two layers add to each byte, modulo 256

Builder = Callable[..., Path]


def lookup(step: int, source: int, target: int, added: int) -> KernelCall:
    layer = f"l{step:02d}_lookup"
    values = bytes((i + added) & 255 for i in range(256))
    return KernelCall(
        kernel="lookup",
        layer=layer,
        operator=step,
        kind="LOGISTIC",
        arguments=(
            ParametersArgument("qmcu_lookup_params", (("size", SIZE),)),
            TensorArgument(source),
            ConstantArgument(Constant(f"{layer}_table", "int8_t", values, (256,), "table")),
            TensorArgument(target),
        ),
        reads=(source,),
        writes=(target,),
    )


def two_layers() -> Plan:
    offsets = (0, SIZE, 0)
    return Plan(
        name="two layers",
        model_sha256="ab" * 32,
        kernels="portable",
        optimize="balanced",
        calls=(lookup(0, 0, 1, 1), lookup(1, 1, 2, 3)),
        placements=tuple(Placement(f"t{i}", (i,), offsets[i], SIZE, i - 1, i) for i in range(3)),
        tensors=tuple(PlanTensor(i, f"t{i}", (SIZE,), 1.0, 0, offsets[i], SIZE) for i in range(3)),
        inputs=(0,),
        outputs=(2,),
        arena_size=2 * SIZE,
        arena_lower_bound=2 * SIZE,
    )


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """`firmware(board, crash)` builds; `crash` is C put before the first layer's call."""
    built: dict[tuple[str, str], Path] = {}

    def build(board: str, crash: str = "") -> Path:
        if (board, crash) not in built:
            directory = tmp_path_factory.mktemp(board)
            generate_project(two_layers(), load_board(board), b"model", directory)
            if crash:
                source = directory / "src" / "model.c"
                text = source.read_text()
                start = text.index("qmcu_lookup(\n")
                source.write_text(text[:start] + crash + ";\n    " + text[start:])
            build_project(directory)
            built[board, crash] = directory
        return built[board, crash]

    return build
