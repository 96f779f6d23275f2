"""Vectors whose expected bytes are published beside the model, as in TFLite Micro's tests."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.errors import VectorError
from qmcu.model.graph import Graph, Tensor
from qmcu.model.vectors import Vectors, make_vectors


def golden_vectors(path: Path, graph: Graph, content: bytes) -> Vectors:
    """The inputs in NAME_inputK_TYPE.csv with the outputs in NAME_golden_TYPE.csv.

    Inputs are numbered as in the files; those that are constants of the model are left out. Raises
    VectorError when the oracle itself gives other bytes than the golden file, or when a file
    is missing.
    """
    variable = [
        _values(path, f"input{k}", t)[np.newaxis] for k, t in _numbered(path, graph.input_tensors)
    ]
    vectors = make_vectors(graph, content, variable)
    (output,) = graph.output_tensors
    golden = _values(path, "golden", output)
    if golden.tobytes() != vectors.expected[0][0].tobytes():
        raise VectorError(f"{path}: the oracle's output is not the golden one.")
    return vectors


def _numbered(path: Path, tensors: tuple[Tensor, ...]) -> list[tuple[int, Tensor]]:
    files = sorted(path.parent.glob(f"{path.stem}_input*_*.csv"))
    sizes = {int(f.name.split("_input")[1].split("_")[0]): len(_read(f)) for f in files}
    pairs, taken = [], set()
    for tensor in tensors:
        fits = [k for k in sorted(sizes) if sizes[k] == tensor.elements and k not in taken]
        if not fits:
            raise VectorError(f"{path}: no input file has {tensor.elements} values.")
        taken.add(fits[0])
        pairs.append((fits[0], tensor))
    return pairs


def _values(path: Path, role: str, tensor: Tensor) -> npt.NDArray[Any]:
    (file,) = path.parent.glob(f"{path.stem}_{role}_*.csv")
    return _read(file).astype(tensor.dtype).reshape(tensor.shape)


def _read(file: Path) -> npt.NDArray[np.int64]:
    words = file.read_text().replace("\n", ",").split(",")
    return np.array([int(word) for word in words if word.strip()], np.int64)
