"""Files of TensorFlow Lite that the converter's process opens: float32 ones, and old uint8 ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qmcu.conversion.quantizing import FLOAT, MODEL, quantize_file, read_samples
from qmcu.conversion.signatures import InputSpec, fixed_input
from qmcu.errors import ModelError
from qmcu.model.accelerators import accelerated_operators, compiled_for
from qmcu.model.forms import GELU_NOTE, without_gelu
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.model.real_form import STORED, with_real_weights
from qmcu.model.signed_form import to_int8, unsigned_operators
from qmcu.model.writer import write_model
from qmcu.tensorflow import load_tensorflow


def open_tflite(path: Path, folder: Path) -> "FloatFile | UnsignedFile":
    """Open a .tflite by what is in it. Raises ModelError for one that is int8 or int16 already."""
    data = path.read_bytes()
    graph = parse_model(data, path.stem, source=str(path))
    if accelerated := accelerated_operators(graph):
        what = compiled_for(accelerated[0].kind)
        raise ModelError(f"{path}: {len(accelerated)} of its operators are {what}.")
    if unsigned_operators(graph):
        return UnsignedFile(path, folder, graph)
    return FloatFile(path, folder, data, graph)


def _inputs(graph: Graph) -> tuple[InputSpec, ...]:
    return tuple(
        fixed_input(graph.name_of(i), graph.tensors[i].shape, graph.tensors[i].dtype)
        for i in graph.inputs
    )


class UnsignedFile:
    """A .tflite of uint8 integers: it has scales of its own, and becomes int8 by them."""

    quantized = True

    def __init__(self, path: Path, folder: Path, graph: Graph) -> None:
        self._path, self._folder, self._graph = path, folder, graph
        self.notes: tuple[str, ...] = ()
        self.inputs = _inputs(graph)

    def convert(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """See `Source`."""
        form = to_int8(self._graph, str(self._path))
        (self._folder / MODEL).write_bytes(write_model(form.graph))
        changes = "real values are the same"
        if form.rounded:
            changes = (
                f"real values are the same but for the weights of {form.rounded} of "
                f"{form.channels} channels of convolutions, rounded to a larger scale"
            )
        notes = [f"uint8 integers became int8, 128 less each, inputs and outputs too; {changes}"]
        return {"converter": "qmcu", "files": [MODEL], "notes": notes}


class FloatFile:
    """A float32 .tflite, calibrated and quantized as it is; small weights as real numbers."""

    quantized = False

    def __init__(self, path: Path, folder: Path, data: bytes, graph: Graph) -> None:
        self._path, self._folder = path, folder
        real = with_real_weights(graph)
        self.notes: tuple[str, ...] = ()
        if real is not graph:
            stored = sorted({t.dtype for t in graph.tensors if t.is_constant} & {*STORED})
            self.notes = (
                f"weights stored as {' and '.join(stored)} are taken as the float32 numbers that "
                "they stand for",
            )
            data = write_model(real)
        _require_float(path, real)
        self._data = data
        self.inputs = _inputs(graph)

    def convert(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """See `Source`."""
        real = without_gelu(self._data, self._path.stem)
        notes = [GELU_NOTE] if real is not self._data else []
        (self._folder / FLOAT).write_bytes(real)
        if order.get("samples") is None:
            return {"converter": "", "files": [FLOAT], "notes": notes}
        tensorflow = load_tensorflow()
        samples = read_samples(self._folder / order["samples"], self.inputs)
        data = quantize_file(self._path, real, list(samples.values()), order)
        (self._folder / MODEL).write_bytes(data)
        made_by = f"TensorFlow {tensorflow.__version__}"
        return {"converter": made_by, "files": [FLOAT, MODEL], "notes": notes}


def _require_float(path: Path, graph: Graph) -> None:
    """Raise ModelError for a file that holds integers where a float model has weights."""
    for operator in graph.operators:
        tensors = [graph.tensors[i] for i in (*operator.inputs, *operator.outputs) if i >= 0]
        found = next((t for t in tensors if t.quantization and t.dtype != "float32"), None)
        if found is not None:
            raise ModelError(
                f"{path} is quantized already ({operator}: {found.name} is {found.dtype}); build "
                "it as it is (`qmcu build`), or quantize the float model that it was made from; "
                "--weights int4 packs the weights of one in int8."
            )
