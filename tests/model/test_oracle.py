"""The interpreter behind the expected bytes."""

import os
import signal
import subprocess
import sys
import tempfile

import numpy as np
import pytest
from tests.support.small_models import dense, two_inputs
from tests.support.stateful_models import shift_register

from qmcu.errors import ModelError
from qmcu.model import oracle_process
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.interpreter import Interpreter
from qmcu.model.oracle import Oracle, oracle_version
from qmcu.model.writer import write_model


def test_outputs_and_every_tensor() -> None:
    oracle = Oracle(write_model(two_inputs()))
    a = np.arange(8, dtype=np.int8).reshape(1, 2, 4)
    b = np.full((1, 2, 4), 3, np.int8)
    first, second = oracle.run([a, b])
    assert first.tolist() == np.maximum(a, b).tolist()
    assert second.tolist() == np.maximum(a, b).reshape(4, 2).tolist()
    tensors = oracle.all_tensors([a, b])
    assert sorted(tensors) == [0, 1, 2, 4]
    assert tensors[2].tolist() == first.tolist()


def test_a_dense_layer_by_hand() -> None:
    graph = dense()
    x = np.array([[1, -5, 100, -128, 127, 3]], np.int8)
    (output,) = Oracle(write_model(graph)).run([x])
    sums = (x.astype(int) - 3) @ graph.tensors[1].array.astype(int).T + graph.tensors[2].array
    expected = np.clip(np.round(sums * 0.125 / 32.0) + 3, 3, 127)
    assert np.abs(output - expected).max() <= 1


def test_wrong_input_count_and_unknown_operator_are_refused() -> None:
    with pytest.raises(ModelError, match="it has 2 inputs and 1 were given"):
        Oracle(write_model(two_inputs())).run([np.zeros((1, 2, 4), np.int8)])
    assert oracle_version().startswith("tflite-micro ")


def _process(oracle: Oracle) -> int:
    assert isinstance(oracle._engine, Interpreter)
    return oracle._engine.worker._process


def test_what_kills_the_interpreter_is_one_sentence() -> None:
    oracle = Oracle(write_model(dense()), name="bad.tflite")
    os.kill(_process(oracle), signal.SIGSEGV)
    with pytest.raises(ModelError, match=r"^bad\.tflite: .* was killed by SIGSEGV on it") as caught:
        oracle.run([np.zeros((1, 6), np.int8)])
    assert "\n" not in str(caught.value)
    # Another model is served as before.
    assert Oracle(write_model(dense())).run([np.zeros((1, 6), np.int8)])[0].shape == (1, 4)


def test_one_that_never_answers_is_ended() -> None:
    oracle = Oracle(write_model(dense()))
    assert isinstance(oracle._engine, Interpreter)
    oracle._engine._limit_s = -59.5
    os.kill(_process(oracle), signal.SIGSTOP)
    with pytest.raises(ModelError, match="took over"):
        oracle.run([np.zeros((1, 6), np.int8)])
    with pytest.raises(ModelError, match="no expected bytes"):
        oracle.run([np.zeros((1, 6), np.int8)])


def test_the_server_is_started_again_when_it_died() -> None:
    first = Oracle(write_model(dense()))
    process = oracle_process._server._process
    assert process is not None
    process.kill()
    process.wait()
    with pytest.raises(ModelError, match="was killed by SIGKILL"):
        first.run([np.zeros((1, 6), np.int8)])
    assert Oracle(write_model(dense())).run([np.zeros((1, 6), np.int8)])[0].shape == (1, 4)


def test_many_at_once_equal_one_by_one() -> None:
    oracle = Oracle(write_model(two_inputs()))
    rng = np.random.default_rng(1)
    a, b = (rng.integers(-128, 128, (300, 1, 2, 4)).astype(np.int8) for _ in range(2))
    told: list[int] = []
    first, second = oracle.run_many([a, b], progress=lambda done, total: told.append(done))
    for row in (0, 7, 299):
        one, two = oracle.run([a[row], b[row]])
        assert np.array_equal(first[row], one)
        assert np.array_equal(second[row], two)
    assert told == sorted(set(told))
    assert told[-1] == 300
    assert oracle.run_many([a[:0], b[:0]])[1].shape == (0, 4, 2)


def test_inputs_of_another_type_or_size_are_refused() -> None:
    oracle = Oracle(write_model(dense()))
    with pytest.raises(ModelError, match=r"input in int8\[1x6\] was given as 1 rows of float64"):
        oracle.run([np.zeros((1, 6))])
    with pytest.raises(ModelError, match=r"1 rows of int8 \[1, 5\]"):
        oracle.run([np.zeros((1, 5), np.int8)])


def test_nothing_runs_in_this_process() -> None:
    code = (
        "import sys, numpy as np\nfrom qmcu.model.oracle import Oracle\n"
        "Oracle(open(sys.argv[1], 'rb').read()).run([np.zeros((1, 6), np.int8)])\n"
        "assert not any('_runtime' in name for name in sys.modules)\n"
    )
    with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
        file.write(write_model(dense()))
        file.flush()
        subprocess.run([sys.executable, "-c", code, file.name], check=True)


@pytest.mark.parametrize("resets", [[], [0], [1, 4], [2, 3, 5]])
def test_rows_after_a_reset_begin_anew(resets: list[int]) -> None:
    graph = shift_register()
    content = write_model(graph)
    rng = np.random.default_rng(0)
    rows = rng.integers(-100, 100, (6, *graph.input_tensors[0].shape)).astype(np.int8)
    together = Oracle(content).run_many([rows], resets=resets)[0]
    one_by_one = Oracle(content)
    for row, x in enumerate(rows):
        if row in resets:
            one_by_one.reset()
        assert np.array_equal(one_by_one.run([x])[0], together[row])


@pytest.mark.parametrize("tensors_first", [False, True])
def test_what_cannot_run_but_needs_not_is_computed_beforehand(tensors_first: bool) -> None:
    places = np.arange(-2, 2, dtype="<i4").reshape(1, 4)
    one = np.array(1, "<i4")
    tensors = (
        Tensor(0, "x", (1, 4), "int8", Quantization((1.0,), (0,)), None),
        Tensor(1, "one", (), "int32", None, one.tobytes()),
        Tensor(2, "places", (1, 4), "int32", None, places.tobytes()),
        Tensor(3, "minus", (), "int32", None, None),
        Tensor(4, "where", (1, 4), "bool", None, None),
        Tensor(5, "zero", (1, 4), "int8", Quantization((1.0,), (0,)), bytes(4)),
        Tensor(6, "y", (1, 4), "int8", Quantization((1.0,), (0,)), None),
    )
    # tflite-micro opens a NEG of int32, and fails when it runs.
    operators = (
        Operator(0, "NEG", (1,), (3,), {}, 1),
        Operator(1, "GREATER_EQUAL", (2, 3), (4,), {}, 1),
        Operator(2, "SELECT_V2", (4, 0, 5), (6,), {}, 1),
    )
    oracle = Oracle(write_model(Graph("m", tensors, operators, (0,), (6,))))
    x = np.array([[5, 6, 7, 8]], np.int8)
    if tensors_first:
        assert oracle.all_tensors([x])[6].tolist() == [[0, 6, 7, 8]]
    assert oracle.run([x])[0].tolist() == [[0, 6, 7, 8]]
