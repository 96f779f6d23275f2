"""Sequences on a device: state kept within, reset between, differences named by step."""

import re
from pathlib import Path

import numpy as np
import pytest
from tests.support.projects import build_again
from tests.support.stateful_models import shift_register, two_svdf_layers

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.comparison import RunOptions, run_vectors
from qmcu.device import infer_all, open_session
from qmcu.errors import VectorError
from qmcu.firmware import Firmware
from qmcu.model.vectors import DEFAULT_STEPS, load_vectors, random_vectors, save_vectors
from qmcu.model.writer import write_model

FIRST = np.arange(12, dtype=np.int8).reshape(3, 4)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stateful")
    model = folder / "register.tflite"
    model.write_bytes(write_model(shift_register(FIRST)))
    build_firmware(model, load_board("stm32f746"), folder / "firmware", BuildOptions("portable"))
    return folder / "firmware"


def test_one_wrong_byte_of_a_layer_s_state_is_named(tmp_path: Path) -> None:
    """A byte of what the second of two SVDF layers remembers at first."""
    model = tmp_path / "two.tflite"
    model.write_bytes(write_model(two_svdf_layers()))
    directory = tmp_path / "firmware"
    build_firmware(model, load_board("stm32f746"), directory, BuildOptions("portable"))
    vectors = random_vectors(*Firmware.load(directory).model, 2, seed=1, steps=5)
    assert run_vectors(Firmware.load(directory), "unicorn", vectors, "r", RunOptions(1)).passed
    source = directory / "src/model.c"
    text = source.read_text()
    wrong = f"    qmcu_model_state[{Firmware.load(directory).plan.state_size - 2}] = 77;\n}}"
    changed = re.sub(r"(void qmcu_model_reset\(void\)\n{.*?)\n}", rf"\1\n{wrong}", text, flags=re.S)
    assert changed != text
    source.write_text(changed)
    build_again(directory)
    options = RunOptions(1, trace=True)
    result = run_vectors(Firmware.load(directory), "unicorn", vectors, "r", options)
    assert str(result.differences[0]).startswith("sequence 0, step 0: ")
    assert {d.vector // 5 for d in result.differences} == {0, 1}
    assert result.layer_difference is not None
    assert result.layer_difference.layer == "l01_svdf"


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_step_is_equal(directory: Path, jobs: int) -> None:
    vectors = random_vectors(*Firmware.load(directory).model, 3, seed=1)
    assert (len(vectors), vectors.steps) == (3 * DEFAULT_STEPS, DEFAULT_STEPS)
    result = run_vectors(
        Firmware.load(directory), "unicorn", vectors, "random", RunOptions(jobs, trace=True)
    )
    assert result.passed
    assert (result.equal, result.steps) == (24, DEFAULT_STEPS)


def test_what_differs_is_named_by_sequence_and_step(directory: Path, tmp_path: Path) -> None:
    """Only from the fourth step on does nothing of the wrong first bytes show."""
    vectors = random_vectors(*Firmware.load(directory).model, 2, seed=1, steps=6)
    source = directory / "src/model_data.c"
    text = source.read_text()
    source.write_text(re.sub(r"(state0_initial\[12\].*?= {\s*)0,", r"\g<1>99,", text, flags=re.S))
    assert source.read_text() != text
    try:
        build_again(directory)
        result = run_vectors(
            Firmware.load(directory), "unicorn", vectors, "r", RunOptions(1, trace=True)
        )
    finally:
        source.write_text(text)
        build_again(directory)
    assert [d.vector for d in result.differences] == [0, 6]
    assert str(result.differences[1]).startswith("sequence 1, step 0: out at [0, 0]")
    assert result.layer_difference is not None
    assert result.layer_difference.kind == "CONCATENATION"


def test_an_interrupted_run_goes_on_with_whole_sequences(directory: Path, tmp_path: Path) -> None:
    vectors = random_vectors(*Firmware.load(directory).model, 3, seed=1, steps=4)
    rows = [tuple(a[i] for a in vectors.inputs) for i in range(len(vectors))]
    journal = tmp_path / "journal"
    seen: list[int] = []

    def stop(done: int, total: int) -> None:
        seen.append(done)
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        infer_all(
            "unicorn",
            Firmware.load(directory),
            rows,
            steps=4,
            workers=1,
            journal=journal,
            progress=stop,
        )
    assert len(journal.read_text().splitlines()) == 1 + 8
    found = infer_all(
        "unicorn", Firmware.load(directory), rows, steps=4, workers=1, journal=journal
    )
    assert [r.outputs[0] for r in found] == [row.tobytes() for row in vectors.expected[0]]
    assert seen == [4, 8]


def test_a_session_keeps_state_until_it_is_reset(directory: Path) -> None:
    row = [np.full((1, 4), 7, np.int8)]
    with open_session("unicorn", Firmware.load(directory)) as session:
        first, second = session.infer(row).outputs, session.infer(row).outputs
        session.reset()
        assert session.infer(row).outputs == first != second


def test_a_vector_file_states_its_steps(directory: Path, tmp_path: Path) -> None:
    graph, content = Firmware.load(directory).model
    vectors = random_vectors(graph, content, 2, steps=3)
    save_vectors(vectors, tmp_path / "v.npz")
    loaded = load_vectors(tmp_path / "v.npz", graph)
    assert (loaded.steps, len(loaded), len(loaded.limited(1))) == (3, 6, 3)
    assert str(loaded).startswith("2 sequences of 3")
    with pytest.raises(VectorError, match="sequences of 0"):
        random_vectors(graph, content, 2, steps=0)
