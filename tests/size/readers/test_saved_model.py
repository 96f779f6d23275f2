"""SavedModel folders."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.support.hostile_files import check_refused
from tests.support.model_files import DATA
from tests.support.stored_tensors import array_of, tensors_by_name

from qmcu.errors import ModelError
from qmcu.size import weigh
from qmcu.size.readers import read_contents


def test_saved_model(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(DATA / "saved-model", folder)
    data = folder / "variables" / "variables.data-00000-of-00001"
    content = data.read_bytes()
    data.write_bytes(content[:50])
    check_refused(folder, "which has 50")
    data.write_bytes(content)
    index = folder / "variables" / "variables.index"
    for cut in (0, 10, 60, 200):
        index.write_bytes((DATA / "saved-model/variables/variables.index").read_bytes()[cut:])
        if cut:
            with pytest.raises(ModelError):
                weigh(folder)
    (folder / "saved_model.pb").unlink()
    check_refused(folder, "holds no saved_model.pb")


def test_a_saved_model_that_tensorflow_wrote() -> None:
    found = tensors_by_name(read_contents(DATA / "saved-model"))
    assert np.array_equal(array_of(found["kernel"]), np.arange(24.0).reshape(6, 4))
    assert np.array_equal(array_of(found["bias"]), np.zeros(4))
    assert found["step"].dtype == "int64"
