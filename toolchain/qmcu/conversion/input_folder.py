"""A folder of pictures or sounds as the integer inputs of a converted model."""

from dataclasses import replace
from pathlib import Path

from qmcu.conversion.files_of_samples import read_folder
from qmcu.conversion.preprocessing import Preprocessing, read_preprocessing
from qmcu.conversion.samples import SampleOptions
from qmcu.conversion.signatures import InputSpec
from qmcu.errors import VectorError
from qmcu.model.clipping import Clipping, clipping_of
from qmcu.model.graph import Graph
from qmcu.model.vectors import quantize
from qmcu.types import Array, Int64Array


def read_input_folder(
    folder: Path, graph: Graph, model: bytes, options: SampleOptions
) -> tuple[tuple[Array, ...], Int64Array | None, tuple[Clipping, ...], str]:
    """Inputs, labels, what was clipped, and how files became numbers, in words.

    What the model's own metadata says holds, unless the options say otherwise. Raises VectorError,
    UsageError, ModelError.
    """
    if len(graph.inputs) != 1:
        raise VectorError(f"{folder} is a folder and the model has {len(graph.inputs)} inputs.")
    tensor = graph.input_tensors[0]
    spec = InputSpec(graph.name_of(tensor.index), tensor.shape, tensor.dtype)
    known = read_preprocessing(model, graph.name)
    if known is not None and options.scale is None:
        options = _as_known(options, known)
    found = read_folder(folder, spec, options)
    real = found.inputs[spec.name]
    said = "" if found.preprocessing is None else str(found.preprocessing)
    return (quantize(real, tensor),), found.labels, clipping_of([real], graph), said


def _as_known(options: SampleOptions, known: Preprocessing) -> SampleOptions:
    return replace(
        options,
        resize=(known.height, known.width) if known.kind == "image" else None,
        scale=known.scale,
        mean=known.mean,
        std=known.std,
        front_end=Path(known.front_end) if known.front_end else options.front_end,
    )
