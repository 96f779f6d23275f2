""".tflite files as the compiler reads them."""

from pathlib import Path

import numpy as np
from tests.support.model_files import make
from tests.support.stored_tensors import array_of, tensors_by_name

from qmcu.model.reader import read_model
from qmcu.size.readers import read_contents


def test_tflite_as_the_compiler_reads_it(tmp_path: Path, shared_models: Path) -> None:
    for path in (make(tmp_path)["tflite"], *sorted(shared_models.glob("*.tflite"))):
        graph = read_model(path)
        contents = read_contents(path)
        found = tensors_by_name(contents)
        constants = {t.name: t for t in graph.tensors if t.is_constant}
        assert found.keys() == constants.keys()
        for name, tensor in constants.items():
            assert np.array_equal(array_of(found[name]), tensor.array)
        assert contents.operators is not None
        assert sum(contents.operators.kinds.values()) == len(graph.operators)
        assert contents.operators.float_kinds == {}
