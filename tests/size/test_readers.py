"""Each reader against the library that owns its format: the same tensors, every byte once."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.size.files import DATA, make, make_h5, make_keras, small_arrays

from qmcu.errors import ModelError
from qmcu.model.reader import read_model
from qmcu.size import weigh
from qmcu.size.contents import Contents, Role, StoredTensor
from qmcu.size.readers import read_contents
from qmcu.size.sampling import to_values


def values(tensor: StoredTensor) -> np.ndarray:
    assert tensor.rows is not None
    stored = tensor.rows(0, tensor.matrix_shape[0])
    return to_values(stored, tensor.dtype).reshape(tensor.shape)


def by_name(contents: Contents) -> dict[str, StoredTensor]:
    assert sum(contents.bytes_by_role().values()) == contents.size
    return {t.name: t for t in contents.tensors}


@pytest.mark.parametrize("kind", ["safetensors", "npz", "packed npz"])
def test_archives_of_arrays(tmp_path: Path, kind: str) -> None:
    contents = read_contents(make(tmp_path)[kind])
    found = by_name(contents)
    for name, array in small_arrays().items():
        assert found[name].dtype == array.dtype.name
        assert np.array_equal(values(found[name]), array.astype(np.float32))
    assert found["a.bias"].role is Role.BIASES
    assert contents.compressed == (kind == "packed npz")
    assert contents.size == sum(contents.bytes_by_role().values())


def test_safetensors_as_the_library_writes_it(tmp_path: Path) -> None:
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    arrays = small_arrays() | {"i": np.arange(6, dtype=np.int64), "s": np.array(2.5)}
    path = tmp_path / "x.safetensors"
    library.save_file(arrays, path, metadata={"format": "np"})
    found = by_name(read_contents(path))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert np.array_equal(values(found[name]), array)


def test_fortran_order_is_the_transpose(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4))
    np.savez(tmp_path / "x.npz", w=array)
    tensor = by_name(read_contents(tmp_path / "x.npz"))["w"]
    assert np.array_equal(values(tensor), array.T)


def test_a_checkpoint_that_torch_wrote() -> None:
    contents = read_contents(DATA / "torch-checkpoint.pt")
    found = by_name(contents)
    assert found["model.a.weight"].shape == (8, 16)
    # One storage under two names takes its bytes once.
    assert (found["model.a.weight"].stored, found["model.a.tied"].stored) == (512, 0)
    assert np.array_equal(values(found["model.a.tied"]), values(found["model.a.weight"]))
    assert np.array_equal(values(found["model.bf"]), np.ones((2, 8)))
    assert np.array_equal(values(found["model.half"]), np.ones((4, 4)))
    assert np.array_equal(values(found["model.t"]), np.arange(12.0).reshape(3, 4).T)
    assert found["optimizer.state.0.exp_avg"].role is Role.OPTIMIZER
    assert weigh(DATA / "torch-checkpoint.pt").weight_count == 128 + 32 + 16 + 16 + 12


def test_quantized_tensors_and_views_of_torch() -> None:
    contents = read_contents(DATA / "torch-quantized.pt")
    found = by_name(contents)
    assert (found["q.weight"].dtype, found["q.weight"].scales) == ("int8", 8)
    assert found["q.weight.scales"].role is Role.QUANTIZATION
    # Ten numbers were saved with the thousand that they are a view of.
    assert contents.others[Role.UNUSED] == 4 * 990


def test_a_saved_model_that_tensorflow_wrote() -> None:
    found = by_name(read_contents(DATA / "saved-model"))
    assert np.array_equal(values(found["kernel"]), np.arange(24.0).reshape(6, 4))
    assert np.array_equal(values(found["bias"]), np.zeros(4))
    assert found["step"].dtype == "int64"


def test_hdf5_and_keras(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    path = make_h5(tmp_path / "x.h5")
    found = by_name(read_contents(path))
    with h5py.File(path) as file:
        for name, tensor in found.items():
            assert np.array_equal(values(tensor), file[name][()].astype(np.float32))
    assert len(found) == 4
    # A compressed dataset is unpacked here, chunk by chunk.
    assert found["layers/c/kernel"].stored < found["layers/c/kernel"].raw / 4
    inside = read_contents(make_keras(tmp_path / "x.keras", path))
    assert np.array_equal(values(by_name(inside)["layers/a/weight"]), small_arrays()["a.weight"])
    packed = read_contents(make_keras(tmp_path / "y.keras", path, zipfile.ZIP_DEFLATED))
    assert np.array_equal(values(by_name(packed)["layers/a/weight"]), small_arrays()["a.weight"])
    assert packed.compressed


def test_onnx_as_the_library_reads_it(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    path = make(tmp_path)["onnx"]
    model = onnx.load(path)
    found = by_name(read_contents(path))
    assert [i.name for i in model.graph.initializer] == list(found)
    for initializer in model.graph.initializer:
        array = onnx.numpy_helper.to_array(initializer)
        assert np.array_equal(values(found[initializer.name]), array)
    assert (found["w"].role, found["b"].role) == (Role.WEIGHTS, Role.BIASES)


def test_onnx_with_external_data(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    model = onnx.load(make(tmp_path)["onnx"])
    path = tmp_path / "y.onnx"
    array = onnx.numpy_helper.to_array(model.graph.initializer[0])
    onnx.save(model, path, save_as_external_data=True, location="y.data", size_threshold=0)
    contents = read_contents(path)
    assert contents.size == path.stat().st_size + (tmp_path / "y.data").stat().st_size
    assert np.array_equal(values(by_name(contents)["w"]), array)


def test_tflite_as_the_compiler_reads_it(tmp_path: Path, shared_models: Path) -> None:
    for path in (make(tmp_path)["tflite"], *sorted(shared_models.glob("*.tflite"))):
        graph = read_model(path)
        contents = read_contents(path)
        found = by_name(contents)
        constants = {t.name: t for t in graph.tensors if t.is_constant}
        assert found.keys() == constants.keys()
        for name, tensor in constants.items():
            assert np.array_equal(values(found[name]), tensor.array)
        assert contents.operators is not None
        assert sum(contents.operators.kinds.values()) == len(graph.operators)
        assert contents.operators.float_kinds == {}


def test_the_kind_is_told_by_content_before_the_name(tmp_path: Path) -> None:
    path = make(tmp_path)["tflite"].rename(tmp_path / "x.bin")
    assert read_contents(path).kind == "TensorFlow Lite"
    with pytest.raises(ModelError, match="neither a file nor a folder"):
        read_contents(Path("/dev/null"))
