"""Vectors whose expected bytes are published beside the model, as in TFLite Micro's tests."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.errors import VectorError
from qmcu.model.graph import Graph, Tensor
from qmcu.model.vectors import Vectors, make_vectors


def golden_vectors(path: Path, graph: Graph, content: bytes) -> tuple[Vectors, str]:
    """The inputs in NAME_inputK_TYPE.csv with the oracle's outputs, and what is not golden of them.

    The golden outputs are in NAME_golden_TYPE.csv; the second result is empty where the oracle
    gives just those. Inputs are numbered as in the files; constants of the model have none. Raises
    VectorError when a file is missing.
    """
    numbered = _numbered(path, graph.input_tensors)
    variable = [_values(path, f"input{k}", tensor)[np.newaxis] for k, tensor in numbered]
    vectors = make_vectors(graph, content, variable)
    (output,) = graph.output_tensors
    golden = _values(path, "golden", output)
    away = golden.astype(np.int64) - vectors.expected[0][0].astype(np.int64)
    count = int(np.count_nonzero(away))
    if count == 0:
        return vectors, ""
    return vectors, (
        f"the interpreter itself differs from the golden file in {count} of {away.size} values, by "
        f"{int(np.abs(away).max())} at most"
    )


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
