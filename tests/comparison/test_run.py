import dataclasses
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.firmware_project import build_chain
from tests.support.projects import build_again

from qmcu.comparison import RunOptions, run, run_vectors
from qmcu.device import InferResult, infer_all
from qmcu.device.session import Session
from qmcu.errors import DeviceError, UsageError
from qmcu.firmware import Firmware
from qmcu.model.vectors import Vectors, random_vectors


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return build_chain(tmp_path)


def vectors_of(directory: Path, count: int = 6) -> Vectors:
    graph, content = Firmware.load(directory).model
    return random_vectors(graph, content, count, seed=3)


def break_weight(directory: Path, layer: str) -> None:
    """Change one weight of a layer in the C source and build again."""
    path = directory / "src/model_data.c"
    text = path.read_text()
    found = re.search(rf"{layer}_weights\[\d+\] .*?= {{\s*(-?\d+),", text, re.DOTALL)
    assert found is not None
    value = "101" if found[1] != "101" else "-101"
    path.write_text(text[: found.start(1)] + value + text[found.end(1) :])
    build_again(directory)


@pytest.mark.parametrize("board", ["stm32f746", "mps2-an386"])
def test_all_outputs_are_equal(tmp_path: Path, board: str) -> None:
    directory = build_chain(tmp_path, board)
    target = "unicorn" if board == "stm32f746" else "qemu"
    result = run_vectors(
        Firmware.load(directory), target, vectors_of(directory), "random", RunOptions(2, trace=True)
    )
    assert result.passed
    assert (result.equal, result.vectors, result.traced) == (6, 6, 0)
    assert result.accuracy is None
    assert 0 < result.stack_bytes < result.stack_reserved
    assert result.profile is not None
    assert result.profile.unit == "instructions"
    assert [name for name, _ in result.profile.layers] == [
        "l00_fully_connected",
        "l01_fully_connected",
    ]
    assert result.profile.total >= sum(count for _, count in result.profile.layers) > 0
    assert result.device.startswith(target)


@pytest.mark.parametrize(
    ("layer", "step"), [("l00_fully_connected", 0), ("l01_fully_connected", 1)]
)
def test_a_wrong_weight_is_found_and_traced_to_its_layer(
    directory: Path, layer: str, step: int
) -> None:
    vectors = vectors_of(directory)
    break_weight(directory, layer)
    result = run_vectors(
        Firmware.load(directory), "unicorn", vectors, "random", RunOptions(1, trace=True)
    )
    assert not result.passed
    assert result.equal < 6
    assert result.layer_difference is not None
    assert (result.layer_difference.layer, result.layer_difference.step) == (layer, step)
    # The changed weight belongs to the first output channel.
    assert result.layer_difference.difference.index == (0, 0)


def test_wrong_expectations_are_found(directory: Path) -> None:
    vectors = vectors_of(directory)
    expected = vectors.expected[0].copy()
    expected[4, 0, 2] ^= 1
    changed = dataclasses.replace(vectors, expected=(expected,))
    result = run_vectors(Firmware.load(directory), "unicorn", changed, "random", RunOptions(1))
    assert [d.vector for d in result.differences] == [4]
    assert result.differences[0].difference.index == (0, 2)
    assert result.differences[0].difference.max_difference == 1
    assert (result.equal, result.passed) == (5, False)


def test_accuracy_with_labels(directory: Path) -> None:
    vectors = vectors_of(directory)
    labels = vectors.expected[0].reshape(6, -1).argmax(axis=1).astype(np.int64)
    labels[0] = (labels[0] + 1) % 4
    labelled = dataclasses.replace(vectors, labels=labels)
    result = run_vectors(Firmware.load(directory), "unicorn", labelled, "random", RunOptions(1))
    assert result.accuracy is not None
    assert (result.accuracy.device, result.accuracy.expected, result.accuracy.total) == (5, 5, 6)


def test_a_board_without_that_emulator(directory: Path) -> None:
    with pytest.raises(DeviceError, match="does not run on qemu"):
        run_vectors(Firmware.load(directory), "qemu", vectors_of(directory), "random")


def test_an_exchanged_model_file_is_refused(directory: Path) -> None:
    path = directory / "model.tflite"
    content = bytearray(path.read_bytes())
    # The last byte of a weight's data, which leaves the file well formed.
    graph, _ = Firmware.load(directory).model
    weights = next(t.data for t in graph.tensors if t.name == "w0" and t.data)
    content[content.index(weights)] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(UsageError, match="not the model that was compiled"):
        _ = Firmware.load(directory).model


def test_the_counted_run_of_the_first_vector_must_give_the_same_bytes(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Session.profile

    def wrong(session: Session, inputs: Any) -> Any:
        profiled = real(session, inputs)
        (output,) = profiled.outputs
        return dataclasses.replace(
            profiled, outputs=(output[:2] + bytes([output[2] ^ 1]) + output[3:],)
        )

    monkeypatch.setattr(Session, "profile", wrong)
    result = run_vectors(
        Firmware.load(directory), "unicorn", vectors_of(directory), "random", RunOptions(1)
    )
    assert [d.vector for d in result.differences] == [0]
    assert result.differences[0].difference.index == (0, 2)


def test_stack_and_seconds_are_of_the_whole_run(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks = [4000, 3000, 4001, 2000, 1000, 100]

    def deep(*given: Any, **more: Any) -> list[InferResult]:
        results = infer_all(*given, **more)
        return [
            dataclasses.replace(result, stack_bytes=stack)
            for result, stack in zip(results, stacks, strict=True)
        ]

    monkeypatch.setattr(run, "infer_all", deep)
    started = time.monotonic()
    result = run_vectors(
        Firmware.load(directory), "unicorn", vectors_of(directory), "random", RunOptions(1)
    )
    assert 0 < result.seconds <= time.monotonic() - started
    assert result.stack_bytes == 4001
    assert result.profile is not None and result.profile.vector == 0
    stacks[:] = [1] * 6
    counted = run_vectors(
        Firmware.load(directory), "unicorn", vectors_of(directory), "random", RunOptions(1)
    )
    assert counted.stack_bytes > 1


def test_nothing_is_traced_unless_asked_for(directory: Path) -> None:
    result = run_vectors(Firmware.load(directory), "unicorn", vectors_of(directory), "random")
    assert (result.traced, result.layer_difference) == (None, None)
