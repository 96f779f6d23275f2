""".keras archives: weights in HDF5, stored or packed."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.support.model_files import make_h5, make_keras, small_arrays
from tests.support.stored_tensors import array_of, tensors_by_name

from qmcu.size.readers import read_contents


def test_hdf5_and_keras(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    path = make_h5(tmp_path / "x.h5")
    found = tensors_by_name(read_contents(path))
    with h5py.File(path) as file:
        for name, tensor in found.items():
            assert np.array_equal(array_of(tensor), file[name][()].astype(np.float32))
    assert len(found) == 4
    # A compressed dataset is unpacked here, chunk by chunk.
    assert found["layers/c/kernel"].stored < found["layers/c/kernel"].raw / 4
    inside = read_contents(make_keras(tmp_path / "x.keras", path))
    assert np.array_equal(
        array_of(tensors_by_name(inside)["layers/a/weight"]), small_arrays()["a.weight"]
    )
    packed = read_contents(make_keras(tmp_path / "y.keras", path, zipfile.ZIP_DEFLATED))
    assert np.array_equal(
        array_of(tensors_by_name(packed)["layers/a/weight"]), small_arrays()["a.weight"]
    )
    assert packed.compressed
