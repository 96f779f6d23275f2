"""RESIZE_BILINEAR: which layers have a kernel of the core's, and every byte of theirs."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pytest
from bench.operators.batches import batches
from bench.operators.everyday import grown_image
from bench.operators.packing import pack
from tests.compile.kernel_sets.test_slower import CORES
from tests.support.emulated import check_on_board
from tests.support.host_run import check_on_host

from qmcu.builder import find_tool
from qmcu.compile import compile_graph
from qmcu.model.graph import Graph

GROWN: Mapping[str, Callable[[np.random.Generator], Graph]] = {
    "RESIZE_BILINEAR": grown_image,
    "RESIZE_BILINEAR int16": partial(grown_image, dtype="int16"),
}


def test_weights_in_eighths_have_vectors_of_halfwords() -> None:
    rng = np.random.default_rng(3)
    found = [compile_graph(grown_image(rng), CORES["mve"]).calls[0].kernel for _ in range(60)]
    assert found.count("resize_bilinear_eighths_mve") > 30
    assert found.count("resize_bilinear_mve") > 3


def test_words_are_enough_for_halfwords() -> None:
    """Ties below zero and sums of the largest values: under the sanitizers."""
    rng = np.random.default_rng(4)
    graphs = [grown_image(rng, "int16") for _ in range(30)]
    kernels = check_on_host(pack(graphs), options=CORES["scalar"])
    assert "resize_bilinear_s16_scalar" in kernels


@pytest.mark.slow
@pytest.mark.parametrize("kind", GROWN)
@pytest.mark.parametrize(
    ("board", "target"),
    [("stm32f407", "unicorn"), ("mps3-an547", "qemu"), ("rpi-pico", "unicorn")],
)
@pytest.mark.skipif(find_tool("qemu-system-arm") is None, reason="qemu-system-arm is missing")
def test_firmware_equals_the_interpreter(kind: str, board: str, target: str) -> None:
    check_on_board(batches(kind, 40, 8, GROWN), board, target)
