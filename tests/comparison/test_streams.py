"""Streamed layers on the device: every call is traced, and a wrong one named with its rows."""

from pathlib import Path

import numpy as np
import pytest
from bench.operators.rows import row_chain
from tests.support.projects import build_again

from qmcu.board import load_board
from qmcu.builder.firmware import BuildOptions, build_compiled, compile_model
from qmcu.comparison import RunOptions, run_vectors
from qmcu.compile import CompileOptions, compile_streamed
from qmcu.compile.compiler import compile_graph
from qmcu.firmware import Firmware
from qmcu.model.graph import Graph
from qmcu.model.vectors import Vectors, random_vectors
from qmcu.model.writer import write_model

PORTABLE = BuildOptions("portable")


@pytest.fixture
def graph() -> Graph:
    """A chain with streamed layers whose first is a convolution."""
    for seed in range(1000):
        graph = row_chain(np.random.default_rng(seed))
        plan = compile_streamed(graph, CompileOptions(), seed)
        first = plan.calls[0]
        if first.kind == "CONV_2D" and first.layer.endswith("_row0") and len(plan.calls) < 40:
            return graph
    raise AssertionError("no chain of these begins with a streamed convolution")


def build(graph: Graph, folder: Path) -> Path:
    path = folder / "rows.tflite"
    path.write_bytes(write_model(graph))
    compiled = compile_model(path, load_board("stm32f746"), PORTABLE)
    for seed in range(1000):
        plan = compile_streamed(compiled.graph, CompileOptions(), seed)
        if plan.calls[0].layer.endswith("_row0"):
            break
    directory = folder / "firmware"
    build_compiled(
        type(compiled)(plan, compiled.graph, compiled.content, None),
        load_board("stm32f746"),
        directory,
        PORTABLE,
    )
    return directory


def vectors_of(directory: Path) -> Vectors:
    graph, content = Firmware.load(directory).model
    return random_vectors(graph, content, 2, seed=3)


def test_every_step_is_traced_and_a_wrong_one_named(graph: Graph, tmp_path: Path) -> None:
    directory = build(graph, tmp_path)
    plan = Firmware.load(directory).plan
    assert len(plan.layers) == len(plan.calls) > len(compile_graph(graph).calls)
    options = RunOptions(2, trace=True)
    vectors = vectors_of(directory)
    result = run_vectors(Firmware.load(directory), "unicorn", vectors, "random", options)
    assert result.passed and result.layer_difference is None

    path = directory / "src/model_data.c"
    text = path.read_text()
    start = text.index("{", text.index("l00_conv_2d_bias"))
    value = text[start + 1 :].split(",")[0].split("}")[0]
    path.write_text(
        text[:start] + "{" + str(int(value) ^ 0x3FFFFF) + text[start + 1 + len(value) :]
    )
    build_again(directory)
    result = run_vectors(Firmware.load(directory), "unicorn", vectors, "random", options)
    assert not result.passed
    found = result.layer_difference
    assert found is not None and found.layer.startswith("l00_conv_2d_row")
    assert " rows " in found.difference.tensor
