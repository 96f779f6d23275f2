"""Archives of NumPy arrays."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.support.hostile_files import check_refused, npy_bytes
from tests.support.model_files import make, small_arrays
from tests.support.stored_tensors import array_of, tensors_by_name

from qmcu.size.contents import Role
from qmcu.size.readers import read_contents


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy_bytes("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"), "never read"),
        (
            npy_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627775,)}"),
            "not take",
        ),
        (npy_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"), "damaged header"),
        (npy_bytes("__import__('os').system('true')"), "damaged header"),
        (npy_bytes("(" * 9000), "damaged header"),
        (b"\x93NUMPY\x02\0\xff\xff\xff\x7f", "header of 2,147,483,647 bytes"),
        (b"nonsense", "damaged"),
    ],
)
def test_npz(tmp_path: Path, content: bytes, message: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("w.npy", content)
    check_refused(tmp_path / "x.npz", message)


@pytest.mark.parametrize("kind", ["safetensors", "npz", "packed npz"])
def test_archives_of_arrays(tmp_path: Path, kind: str) -> None:
    contents = read_contents(make(tmp_path)[kind])
    found = tensors_by_name(contents)
    for name, array in small_arrays().items():
        assert found[name].dtype == array.dtype.name
        assert np.array_equal(array_of(found[name]), array.astype(np.float32))
    assert found["a.bias"].role is Role.BIASES
    assert contents.compressed == (kind == "packed npz")
    assert contents.size == sum(contents.bytes_by_role().values())


def test_fortran_order_is_the_transpose(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4))
    np.savez(tmp_path / "x.npz", w=array)
    tensor = tensors_by_name(read_contents(tmp_path / "x.npz"))["w"]
    assert np.array_equal(array_of(tensor), array.T)
