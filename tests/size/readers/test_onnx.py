"""ONNX files, with external data or without."""

from pathlib import Path

import numpy as np
import pytest
from tests.support.hostile_files import check_refused
from tests.support.model_files import make
from tests.support.stored_tensors import array_of, tensors_by_name

from qmcu.size.contents import Role
from qmcu.size.readers import read_contents


def test_onnx_external_data_stays_in_its_folder(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    tensor = onnx.helper.make_tensor("w", 1, [4], np.zeros(4, np.float32).tobytes(), raw=True)
    graph = onnx.helper.make_graph([], "g", [], [], [tensor])
    model = onnx.helper.make_model(graph)
    onnx.external_data_helper.set_external_data(tensor, "../../../etc/passwd")
    del model.graph.initializer[:]
    tensor.ClearField("raw_data")
    tensor.data_location = 1
    model.graph.initializer.append(tensor)
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    check_refused(path, "outside the model's folder")


def test_onnx_as_the_library_reads_it(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    path = make(tmp_path)["onnx"]
    model = onnx.load(path)
    found = tensors_by_name(read_contents(path))
    assert [i.name for i in model.graph.initializer] == list(found)
    for initializer in model.graph.initializer:
        array = onnx.numpy_helper.to_array(initializer)
        assert np.array_equal(array_of(found[initializer.name]), array)
    assert (found["w"].role, found["b"].role) == (Role.WEIGHTS, Role.BIASES)


def test_onnx_with_external_data(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    model = onnx.load(make(tmp_path)["onnx"])
    path = tmp_path / "y.onnx"
    array = onnx.numpy_helper.to_array(model.graph.initializer[0])
    onnx.save(model, path, save_as_external_data=True, location="y.data", size_threshold=0)
    contents = read_contents(path)
    assert contents.size == path.stat().st_size + (tmp_path / "y.data").stat().st_size
    assert np.array_equal(array_of(tensors_by_name(contents)["w"]), array)
