"""Keras or SavedModel to full-int8 .tflite: post-training quantization with TensorFlow's converter.

TensorFlow is an optional extra (`pip install qmcu[convert]`); nothing else here needs it.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.errors import ModelError, VectorError
from qmcu.model.graph import Graph, Operator, Quantization
from qmcu.model.reader import parse_model
from qmcu.model.signature import in_order, input_key, own_inputs, own_outputs
from qmcu.scratch import ScratchFolder
from qmcu.tensorflow import load_tensorflow, quiet
from qmcu.types import Array

_KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class TensorRange:
    """The real values that an activation tensor can hold after calibration."""

    name: str
    low: float
    high: float
    scale: float
    zero_point: int


@dataclass(frozen=True)
class Conversion:
    """A converted model: the file's bytes and what was decided.

    `per_channel` tells whether any weights have a scale for each channel; `ranges` lists the
    activation tensors in graph order; `converter` names the tool and its version. `in_float` are
    operators that the converter left in float32, which write `float_values` of them an inference.
    """

    model: bytes
    graph: Graph
    per_channel: bool
    ranges: tuple[TensorRange, ...]
    samples: int
    converter: str
    in_float: tuple[str, ...] = ()
    float_values: int = 0

    def __str__(self) -> str:
        weights = "per channel" if self.per_channel else "per tensor"
        return (
            f"{len(self.model)} bytes, weights {weights}, calibrated on {self.samples} samples "
            f"by {self.converter}"
        )


def convert_model(
    source: Path,
    calibration: Path,
    *,
    per_tensor: bool = False,
    limit: int | None = None,
    problems: Callable[[Graph], Sequence[str]] | None = None,
) -> Conversion:
    """Full-int8 post-training quantization with int8 input and output.

    `source` is a .keras, .h5 or SavedModel directory; `calibration` an .npz with `inputs` (or
    `input_0`, ..., or the inputs' names), real values as the float model takes them, N rows, of
    which the first `limit` are used. Inputs and outputs are in the model's own order, under its
    names. The same files give the same bytes. `problems` answers what cannot be compiled of a
    graph: where that is nothing, operators may stay in float; without it none may.
    Raises ToolError without TensorFlow, VectorError for the calibration file, ModelError when
    the model cannot be read or cannot be fully integer, naming the operators.
    """
    if not source.exists():
        raise ModelError(f"{source} does not exist.")
    tensorflow = load_tensorflow()
    with quiet(), ScratchFolder("convert") as folder:
        saved, keras = _saved_model(tensorflow, source, Path(folder))
        loaded, shapes = load_signature(tensorflow, source, saved)
        inputs = own_inputs(loaded, keras, tuple(shapes))
        outputs = own_outputs(loaded, keras)
        samples = _calibration(calibration, {name: shapes[name] for name in inputs}, limit)
        data = _convert(tensorflow, source, loaded, samples, per_tensor, outputs=outputs)
    data = in_order(data, inputs, tuple(outputs.values()))
    return _conversion(tensorflow, source, data, samples, problems)


def convert_keras(
    model: Any, samples: Array, name: str = "model", *, per_tensor: bool = False
) -> Conversion:
    """Full-int8 post-training quantization of a Keras model in memory.

    `samples` are float32 [N, ...] calibration inputs. Raises as `convert_model`.
    """
    tensorflow = load_tensorflow()
    source = Path(name)
    with quiet(), ScratchFolder("convert") as folder:
        loaded, shapes = load_signature(tensorflow, source, export_keras(model, Path(folder)))
        values = {key: samples.astype(np.float32) for key in shapes}
        data = _convert(tensorflow, source, loaded, values, per_tensor)
    return _conversion(tensorflow, source, data, values)


def float_graph(model: Any, name: str = "model") -> Graph:
    """The graph that the converter makes of a Keras model without quantizing it.

    Batch normalization is folded into float32 weights; operators are those of the int8 model.
    """
    tensorflow = load_tensorflow()
    with quiet(), ScratchFolder("convert") as folder:
        loaded, shapes = load_signature(tensorflow, Path(name), export_keras(model, Path(folder)))
        samples = {
            key: np.zeros((1, *(n or 1 for n in shape[1:])), np.float32)
            for key, shape in shapes.items()
        }
        data = _convert(tensorflow, Path(name), loaded, samples, per_tensor=False, quantized=False)
    return parse_model(data, name)


def _conversion(
    tensorflow: Any,
    source: Path,
    data: bytes,
    samples: dict[str, Array],
    problems: Callable[[Graph], Sequence[str]] | None = None,
) -> Conversion:
    graph = parse_model(data, source.stem, source=f"{source} converted")
    _require_integer(source, graph, problems)
    real = _in_float(graph)
    written = {i for op in real for i in op.outputs if graph.tensors[i].dtype == "float32"}
    weights = [
        t.quantization
        for op in graph.operators
        if (t := graph.operand(op, 1)) is not None and t.is_constant and t.quantization
    ]
    return Conversion(
        model=data,
        graph=graph,
        per_channel=any(q.per_channel for q in weights),
        ranges=tuple(_ranges(graph)),
        samples=len(next(iter(samples.values()))),
        converter=f"TensorFlow {tensorflow.__version__}",
        in_float=tuple(op.kind for op in real),
        float_values=sum(graph.tensors[i].elements for i in written),
    )


def _saved_model(tensorflow: Any, source: Path, folder: Path) -> tuple[Path, Any]:
    """A SavedModel directory for the source, and the Keras model it is an export of or None."""
    if source.is_dir():
        if not (source / "saved_model.pb").is_file():
            raise ModelError(f"{source} is a directory without saved_model.pb, no SavedModel.")
        return source, None
    if source.suffix not in _KERAS_SUFFIXES:
        raise ModelError(
            f"{source} is neither a Keras file ({', '.join(_KERAS_SUFFIXES)}) nor a SavedModel "
            "directory."
        )
    try:
        model = tensorflow.keras.models.load_model(source, compile=False)
        return export_keras(model, folder), model
    except Exception as error:
        raise ModelError(f"{source} is no loadable Keras model: {_first(error)}") from error


def export_keras(model: Any, folder: Path) -> Path:
    """A Keras model as a SavedModel directory below `folder`."""
    target = folder / "saved_model"
    with contextlib.redirect_stdout(None):
        model.export(str(target), verbose=False)
    return target


def load_signature(
    tensorflow: Any, source: Path, saved: Path
) -> tuple[Any, dict[str, tuple[int | None, ...]]]:
    """The SavedModel, and its signature's arguments with their shapes, sorted by name."""
    try:
        loaded = tensorflow.saved_model.load(str(saved))
        specs = loaded.signatures["serving_default"].structured_input_signature[1]
    except Exception as error:
        raise ModelError(f"{source} has no serving signature: {_first(error)}") from error
    return loaded, {name: tuple(specs[name].shape.as_list()) for name in sorted(specs)}


def _calibration(
    path: Path, shapes: dict[str, tuple[int | None, ...]], limit: int | None
) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except OSError as error:
        raise VectorError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # a damaged archive raises whatever its first bad byte leads to
        raise VectorError(f"{path} is no readable .npz file ({error}).") from error
    samples: dict[str, Array] = {}
    for position, (name, shape) in enumerate(shapes.items()):
        key = input_key(arrays, position, name, len(shapes))
        if key not in arrays:
            raise VectorError(
                f"{path} has no array {key} (or {name}); it has "
                f"{', '.join(sorted(arrays)) or 'none'}."
            )
        array = arrays[key]
        expected = shape[1:]
        fits = array.ndim == len(shape) and all(
            e is None or a == e for a, e in zip(array.shape[1:], expected, strict=True)
        )
        if not fits or len(array) == 0 or array.dtype.kind not in "biuf":
            raise VectorError(
                f"{path}: {key} is {array.dtype} {list(array.shape)}; rows of {list(expected)} "
                "real numbers are needed."
            )
        samples[name] = array[:limit].astype(np.float32)
    if len({len(a) for a in samples.values()}) > 1:
        raise VectorError(f"{path}: the inputs have different numbers of rows.")
    return samples


def _convert(
    tensorflow: Any,
    source: Path,
    loaded: Any,
    samples: dict[str, Array],
    per_tensor: bool,
    quantized: bool = True,
    outputs: Mapping[str, str] | None = None,
) -> bytes:
    converter = new_converter(tensorflow, loaded, samples, outputs)
    if not quantized:
        with contextlib.redirect_stdout(None):
            return bytes(converter.convert())
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tensorflow.int8
    converter.inference_output_type = tensorflow.int8
    if per_tensor:
        converter._experimental_disable_per_channel = True
    converter.representative_dataset = representative(samples)
    return run_converter(converter, f"{source} cannot be fully integer")


def new_converter(
    tensorflow: Any,
    loaded: Any,
    samples: dict[str, Array],
    outputs: Mapping[str, str] | None = None,
) -> Any:
    """TensorFlow's converter for the SavedModel `loaded`, one input at a time; nothing is set.

    `outputs` are names for those of the signature.
    """
    signature = loaded.signatures["serving_default"]
    specs = signature.structured_input_signature[1]
    # A device runs one input at a time; known shapes also spare the model computing them.
    single = {
        name: tensorflow.TensorSpec((1, *array.shape[1:]), specs[name].dtype, name=name)
        for name, array in samples.items()
    }

    def run(**values: Any) -> dict[str, Any]:
        return {(outputs or {}).get(key, key): v for key, v in signature(**values).items()}

    function = tensorflow.function(run)
    concrete = function.get_concrete_function(**single)
    return tensorflow.lite.TFLiteConverter.from_concrete_functions([concrete], loaded)


def representative(samples: dict[str, Array]) -> Callable[[], Iterator[dict[str, Array]]]:
    """Calibration inputs as the converter asks for them: one after the other."""

    def rows() -> Iterator[dict[str, Array]]:
        for i in range(len(next(iter(samples.values())))):
            yield {name: array[i : i + 1] for name, array in samples.items()}

    return rows


def run_converter(converter: Any, refusal: str) -> bytes:
    """Convert. Raises ModelError, `refusal` with the operators that are in the way."""
    try:
        # The converter prints to standard output as well.
        with contextlib.redirect_stdout(None):
            return bytes(converter.convert())
    except Exception as error:
        raise ModelError(f"{refusal}: {_operators(str(error)) or _first(error)}") from error


def _operators(message: str) -> str:
    """The operators that the converter's page of text complains about, in one sentence."""
    names = sorted(set(re.findall(r"tf\.\w+|\bFlex\w+", message)))
    return f"the converter has no int8 form of {', '.join(names)}." if names else ""


def _first(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{lines[0].rstrip('.')}." if lines else f"{type(error).__name__}."


def _in_float(graph: Graph) -> list[Operator]:
    """Operators that read or write real numbers."""
    return [
        op
        for op in graph.operators
        if any(
            graph.tensors[i].dtype.startswith("float") for i in (*op.inputs, *op.outputs) if i >= 0
        )
    ]


def _require_integer(
    source: Path, graph: Graph, problems: Callable[[Graph], Sequence[str]] | None
) -> None:
    real = _in_float(graph)
    found = [] if problems is None else list(problems(graph))
    if not real or (problems is not None and not found):
        return
    kinds = sorted(
        {
            f"{op.kind} ({graph.tensors[i].name} is {graph.tensors[i].dtype})"
            for op in real
            for i in (*op.inputs, *op.outputs)
            if i >= 0 and graph.tensors[i].dtype.startswith("float")
        }
    )
    text = f"{source} cannot be fully integer: {'; '.join(kinds)} stay in float."
    if found:
        text += f" What stays cannot be compiled either: {'; '.join(found)}."
    raise ModelError(text)


def _ranges(graph: Graph) -> Iterator[TensorRange]:
    for tensor in graph.tensors:
        quantization: Quantization | None = tensor.quantization
        if tensor.is_constant or tensor.dtype != "int8" or quantization is None:
            continue
        scale, zero_point = quantization.scale, quantization.zero_point
        yield TensorRange(
            tensor.name, (-128 - zero_point) * scale, (127 - zero_point) * scale, scale, zero_point
        )
