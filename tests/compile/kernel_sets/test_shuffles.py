"""Channel shuffles, TRANSPOSE of groups and channels: which kernel they have, and every byte."""

import numpy as np
import pytest
from bench.operators import chain
from bench.operators.batches import batches
from bench.operators.single import SingleOperator
from tests.compile.kernel_sets.test_slower import CORES

from qmcu.builder import find_tool
from qmcu.codegen import uses
from qmcu.compile import compile_graph
from qmcu.model.graph import Graph, Quantization


def shuffled(pixels: int, groups: int, depth: int) -> Graph:
    """[pixels, groups, depth] with the last two exchanged."""
    operator, same = SingleOperator("TRANSPOSE"), Quantization((0.1,), (0,))
    operator.input((pixels, groups, depth), same)
    operator.constant("permutation", np.array([0, 2, 1], np.int32))
    return operator.graph(((pixels, depth, groups), same), version=2)


def shuffle(rng: np.random.Generator) -> Graph:
    return shuffled(int(rng.integers(1, 9)), int(rng.integers(2, 5)), int(rng.integers(2, 70)))


def test_two_groups_become_pairs() -> None:
    for groups, name in ((2, "strided_copy_pairs_dsp"), (3, "strided_copy_dsp")):
        assert compile_graph(shuffled(5, groups, 12), CORES["dsp"]).calls[0].kernel == name


@pytest.mark.parametrize(
    ("strides", "length", "needed"), [(12, 2, True), (12, 4, False), (1, 2, False), (0, 3, True)]
)
def test_short_rows_of_what_lies_apart_are_compiled(
    strides: int, length: int, needed: bool
) -> None:
    (code,) = (code for code in uses._CODES if code.header == "strided_copy_mve.h")
    fields = {"shape[0]": 9, "strides[0]": 1, "shape[1]": length, "strides[1]": strides}
    assert code.parts["SHORT_ROWS"](fields) == needed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("board", "target", "kernel"),
    [
        ("stm32f407", "unicorn", "strided_copy_pairs_dsp"),
        ("mps3-an547", "qemu", "strided_copy_mve"),
    ],
)
@pytest.mark.skipif(find_tool("qemu-system-arm") is None, reason="qemu-system-arm is missing")
def test_firmware_equals_the_interpreter(board: str, target: str, kernel: str) -> None:
    kernels: set[str] = set()
    for batch in batches("TRANSPOSE", 60, 3, {"TRANSPOSE": shuffle}):
        outcome = chain.run(batch, board, target, "native")
        assert outcome.problem == ""
        assert all(outcome.equal)
        kernels |= {name for name, _ in outcome.kernels}
    assert kernel in kernels
