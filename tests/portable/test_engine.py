"""The portable kernels as the oracle, compiled for this computer and in the emulator."""

import importlib.util
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from tests.support.small_models import dense, two_inputs

from qmcu.cli.main import run
from qmcu.errors import ModelError, ToolError, UsageError
from qmcu.model import engines
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle, oracle_version
from qmcu.model.random_inputs import random_array
from qmcu.model.reader import parse_model
from qmcu.model.vectors import load_vectors
from qmcu.model.writer import write_model
from qmcu.portable import engine, host
from qmcu.types import Array

needs_tflite_micro = pytest.mark.skipif(
    importlib.util.find_spec("tflite_micro") is None, reason="tflite-micro is not installed"
)


@pytest.fixture(autouse=True)
def _chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engines.VARIABLE, engines.PORTABLE)


def _inputs(graph: Graph, count: int = 4) -> list[Array]:
    rng = np.random.default_rng(1)
    return [random_array(rng, graph, t, count) for t in graph.input_tensors]


@needs_tflite_micro
@pytest.mark.parametrize("place", engine.PLACES)
@pytest.mark.parametrize("graph", [dense(), two_inputs()], ids=["dense", "two_inputs"])
def test_both_places_give_the_bytes_of_tflite_micro(
    place: str, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(engine.VARIABLE, place)
    model, inputs = write_model(graph), _inputs(graph)
    ours = Oracle(model)
    found, seen = ours.run_many(inputs), ours.all_tensors([a[0] for a in inputs])
    monkeypatch.setenv(engines.VARIABLE, engines.TFLITE_MICRO)
    theirs = Oracle(model)
    for one, other in zip(found, theirs.run_many(inputs), strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other)
    wanted = theirs.all_tensors([a[0] for a in inputs])
    assert seen.keys() == wanted.keys()
    assert all(np.array_equal(seen[i], wanted[i]) for i in wanted)


def test_it_is_named_with_what_it_was_measured_against(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engine.VARIABLE, "unicorn")
    said = oracle_version()
    assert said.startswith("qmcu ") and "'s portable kernels (unicorn " in said
    graphs, version = engine._measured()
    assert graphs > 50_000
    assert said.endswith(f", equal to tflite-micro {version} on {graphs:,} random graphs")


def test_without_tflite_micro_the_portable_kernels_are_the_oracle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(engines.VARIABLE)
    monkeypatch.setattr(engines, "has_tflite_micro", lambda: False)
    assert engines.engine_name() == engines.PORTABLE
    with pytest.raises(UsageError, match="tflite-micro is not installed"):
        engines.choose_engine("tflite-micro")
    with pytest.raises(UsageError, match="there is no such oracle; take tflite-micro or portable"):
        engines.choose_engine("float")


def test_a_place_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engine.VARIABLE, "moon")
    with pytest.raises(UsageError, match="no such place; take host or unicorn"):
        Oracle(write_model(dense()))
    monkeypatch.setenv(engine.VARIABLE, "host")
    monkeypatch.setattr(engine, "find_host_compiler", lambda: None)
    with pytest.raises(UsageError, match="there is no C compiler"):
        Oracle(write_model(dense()))


def test_without_a_compiler_of_the_host_the_emulator_runs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "find_host_compiler", lambda: None)
    assert "(unicorn " in oracle_version()


def test_a_program_that_ends_or_hangs_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engine.VARIABLE, "host")
    inputs = [a[0] for a in _inputs(dense())]
    oracle = Oracle(write_model(dense()), name="bad.tflite")
    os.kill(_runner(oracle)._process.pid, signal.SIGSEGV)
    with pytest.raises(ModelError, match=r"^bad\.tflite: the program .* ended with -11 on it"):
        oracle.run(inputs)
    slow = Oracle(write_model(dense()), limit_s=0.3)
    os.kill(_runner(slow)._process.pid, signal.SIGSTOP)
    with pytest.raises(ModelError, match="took over 0 s"):
        slow.run(inputs)


def test_a_compiler_that_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engine.VARIABLE, "host")
    monkeypatch.setattr(host, "_FLAGS", (*host._FLAGS, "-DQMCU_MODEL_H"))
    with pytest.raises(ToolError, match="does not compile the portable kernels for this computer"):
        Oracle(write_model(dense()))


def test_without_any_compiler_the_ways_out_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine, "find_host_compiler", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"need a C compiler here: .* made elsewhere"):
        Oracle(write_model(dense()))


def test_the_command_names_it_in_the_vectors(tmp_path: Path) -> None:
    model, inputs, vectors = tmp_path / "m.tflite", tmp_path / "x.npz", tmp_path / "v.npz"
    model.write_bytes(write_model(dense()))
    np.savez(inputs, inputs=np.zeros((2, 6), np.int8))
    command = ["vectors", "make", str(model), "--inputs", str(inputs), "-o", str(vectors)]
    assert run([*command, "--oracle", "portable"]) == 0
    assert (
        "portable kernels ("
        in load_vectors(vectors, parse_model(model.read_bytes())).origin["expected"]
    )


def _runner(oracle: Oracle) -> host.HostRunner:
    assert isinstance(oracle._engine, engine.PortableEngine)
    assert isinstance(oracle._engine._runner, host.HostRunner)
    return oracle._engine._runner
