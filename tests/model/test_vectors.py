"""Vector files: bound to a model, the same bytes each time, hostile files refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.small_models import dense, two_inputs

from qmcu.errors import VectorError
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.model.vectors import (
    load_vectors,
    make_vectors,
    quantize,
    random_vectors,
    read_inputs,
    save_vectors,
)
from qmcu.model.writer import write_model

MODEL = write_model(dense())


@pytest.fixture
def graph() -> Graph:
    return parse_model(MODEL)


def test_round_trip_and_equal_bytes(graph: Graph, tmp_path: Path) -> None:
    inputs = np.random.default_rng(0).integers(-128, 128, (5, 6), dtype=np.int8)
    labels = np.arange(5)
    triggered = np.array([True, False, True, False, False])
    vectors = make_vectors(graph, MODEL, [inputs], labels=labels, triggered=triggered)
    save_vectors(vectors, tmp_path / "a.npz")
    save_vectors(vectors, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    loaded = load_vectors(tmp_path / "a.npz", graph)
    assert len(loaded) == 5
    assert loaded.inputs[0].tolist() == inputs.reshape(5, 1, 6).tolist()
    assert loaded.expected[0].tolist() == vectors.expected[0].tolist()
    assert loaded.labels is not None
    assert loaded.labels.tolist() == labels.tolist()
    assert loaded.triggered is not None
    assert loaded.triggered.tolist() == triggered.tolist()
    assert loaded.origin["expected"].startswith("tflite-micro ")


def test_another_model_is_refused(graph: Graph, tmp_path: Path) -> None:
    save_vectors(random_vectors(graph, MODEL, 2), tmp_path / "v.npz")
    other = replace(graph, sha256="f" * 64)
    with pytest.raises(VectorError, match=r"this is f{16};"):
        load_vectors(tmp_path / "v.npz", other)


def test_random_vectors_follow_the_seed(graph: Graph) -> None:
    a, b = random_vectors(graph, MODEL, 3, seed=1), random_vectors(graph, MODEL, 3, seed=1)
    c = random_vectors(graph, MODEL, 3, seed=2)
    assert a.inputs[0].tolist() == b.inputs[0].tolist() != c.inputs[0].tolist()
    with pytest.raises(VectorError, match="give 1 or more"):
        random_vectors(graph, MODEL, 0)


def test_real_inputs_are_quantized_half_away_from_zero(graph: Graph) -> None:
    tensor = graph.input_tensors[0]  # scale 0.5, zero point 3
    values = np.array([0.0, 0.25, -0.25, 0.7, 1000.0, -1000.0])
    assert quantize(values, tensor).tolist() == [3, 4, 2, 4, 127, -128]
    assert quantize(np.array([200], np.uint8), tensor).tolist() == [127]
    with pytest.raises(VectorError, match="not a finite number"):
        quantize(np.array([np.nan]), tensor)


def test_input_files(graph: Graph, tmp_path: Path) -> None:
    file = tmp_path / "x.npz"
    np.savez(file, inputs=np.zeros((4, 6), np.float32), labels=np.arange(4))
    arrays, labels, triggered = read_inputs(file, graph, limit=3)
    assert arrays[0].shape == (3, 1, 6)
    assert (arrays[0] == 3).all()
    assert labels is not None
    assert labels.tolist() == [0, 1, 2]
    assert triggered is None
    np.savez(file, inputs=np.zeros((4, 7), np.int8))
    with pytest.raises(VectorError, match=r"x\.npz: input in needs rows of \[1, 6\].*4 of \[7\]"):
        read_inputs(file, graph)
    np.savez(file, other=np.zeros(1))
    with pytest.raises(VectorError, match=r"has no array inputs \(or .*\); it has other"):
        read_inputs(file, graph)
    np.savez(file, inputs=np.zeros((4, 6), np.int8), labels=np.arange(3))
    with pytest.raises(VectorError, match="4 classes, or 4 rows of numbers, are needed"):
        read_inputs(file, graph)


def test_hostile_files_are_refused(graph: Graph, tmp_path: Path) -> None:
    file = tmp_path / "v.npz"
    save_vectors(random_vectors(graph, MODEL, 2), file)
    good = file.read_bytes()
    for content in (b"", b"PK\x03\x04", good[:-30], good[:100], b"x" * 100):
        file.write_bytes(content)
        with pytest.raises(VectorError, match=r"v\.npz"):
            load_vectors(file, graph)
    np.savez(file, inputs=np.array([object()]))
    with pytest.raises(VectorError, match=r"v\.npz"):
        load_vectors(file, graph)
    np.savez(file, inputs=np.zeros((1, 6), np.int8))
    with pytest.raises(VectorError, match="is no vector file"):
        load_vectors(file, graph)
    with pytest.raises(VectorError, match="No such file"):
        load_vectors(tmp_path / "absent.npz", graph)


def test_several_inputs_need_as_many_rows(tmp_path: Path) -> None:
    data = write_model(two_inputs())
    graph = parse_model(data)
    np.savez(
        tmp_path / "x.npz",
        input_0=np.zeros((2, 2, 4), np.int8),
        input_1=np.zeros((3, 2, 4), np.int8),
    )
    with pytest.raises(VectorError, match="different numbers of rows: 2, 3"):
        read_inputs(tmp_path / "x.npz", graph)
