"""Operators of TFLM's signal library: what random graphs do not reach."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators import GENERATORS, signals
from bench.operators.single import SingleOperator
from flatbuffers import flexbuffers
from tests.support.host_run import run_on_host

from qmcu.compile import compile_graph, unsupported
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle
from qmcu.model.state import is_stateful
from qmcu.model.writer import write_model


def _with(graph: Graph, **options: int) -> Graph:
    (operator,) = graph.operators
    known = flexbuffers.Loads(operator.custom) | options
    return replace(graph, operators=(replace(operator, custom=bytes(flexbuffers.Dumps(known))),))


def _compare(graph: Graph, steps: int) -> list[bool]:
    """Run on both sides; frames that are not whole are zeros; which are valid is answered."""
    rng = np.random.default_rng(0)
    shape = graph.input_tensors[0].shape
    inputs = [rng.integers(-32768, 32768, shape).astype(np.int16) for _ in range(steps)]
    oracle, valid = Oracle(write_model(graph)), []
    for found, given in zip(run_on_host(graph, [[x] for x in inputs]), inputs, strict=True):
        frame, is_valid = oracle.run([given])
        assert found[1] == is_valid.tobytes()
        valid.append(bool(is_valid))
        assert found[0] == frame.tobytes()
    return valid


def test_frames_that_are_not_whole_at_first() -> None:
    graph = signals._graph(
        _input("Framer", (4,)),
        [((1, 10), "int16"), ((), "bool")],
        {"frame_size": 10, "frame_step": 4, "prefill": False},
    )
    assert _compare(graph, 8) == [False, False, True, True, True, True, True, True]


def test_some_frames_of_an_inference_are_whole() -> None:
    graph = signals._graph(
        _input("Framer", (12,)),
        [((3, 10), "int16"), ((), "bool")],
        {"frame_size": 10, "frame_step": 4, "prefill": False},
    )
    oracle = Oracle(write_model(graph))
    assert _compare(graph, 3) == [False, True, True]
    x = np.ones((2, 12), np.int16)
    both = oracle.run_many([x], resets=[1])[0]
    assert np.array_equal(both[0], both[1]) and not both[0][:2].any() and both[0][2].any()


def test_frames_with_others_right_of_them_come_later() -> None:
    graph = signals._graph(
        _input("Stacker", (3,)),
        [((12,), "int16"), ((), "bool")],
        {
            "num_channels": 3, "stacker_left_context": 1, "stacker_right_context": 2,
            "stacker_step": 2,
        },
    )  # fmt: skip
    assert _compare(graph, 8) == [False, False, True, False, True, False, True, False]


def _input(name: str, shape: tuple[int, ...]) -> SingleOperator:
    operator = SingleOperator(f"CUSTOM:Signal{name}")
    operator.input(shape, None, "int16")
    return operator


def test_states_are_known() -> None:
    rng = np.random.default_rng(0)
    stateful = {
        name.split()[0].removeprefix("CUSTOM:Signal")
        for name, generator in GENERATORS.items()
        if name.startswith("CUSTOM:Signal") and is_stateful(generator(rng))
    }
    kept = {"Delay", "Framer", "Stacker", "OverlapAdd", "FilterBankSpectralSubtraction"}
    assert stateful == kept
    assert compile_graph(signals.delay(rng)).state_size > 0


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (_with(signals.rfft(np.random.default_rng(0)), fft_length=12), "fft_length is 12"),
        (_with(signals.energy(np.random.default_rng(0)), end_index=999), "0 to 999 of"),
        (_with(signals.log(np.random.default_rng(0)), input_correction_bits=32), "outside 0 to 31"),
        (
            replace(
                signals.window(np.random.default_rng(0)),
                operators=(
                    replace(signals.window(np.random.default_rng(0)).operators[0], custom=b""),
                ),
            ),
            "option shift is None, an integer is needed",
        ),
    ],
)
def test_options_that_do_not_fit_are_named(graph: Graph, said: str) -> None:
    (problem,) = unsupported(graph)
    assert said in problem
