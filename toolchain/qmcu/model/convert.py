"""A loaded model to full-int8 .tflite: post-training quantization with TensorFlow's converter.

TensorFlow is an optional extra (`pip install qmcu[convert]`); nothing else here needs it.
"""

import contextlib
import inspect
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.conversion.signatures import Loaded, load_signature
from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, Quantization
from qmcu.model.reader import parse_model
from qmcu.scratch import ScratchFolder
from qmcu.tensorflow import load_tensorflow, quiet
from qmcu.text import first_line
from qmcu.types import Array

# The first and the last step of activations.
_STEPS = {"int8": (-128, 127), "int16": (-32768, 32767)}


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
    `notes` say what of the model was changed on the way.
    """

    model: bytes
    graph: Graph
    per_channel: bool
    ranges: tuple[TensorRange, ...]
    samples: int
    converter: str
    in_float: tuple[str, ...] = ()
    float_values: int = 0
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What computes: int8, or int16x8 where activations have 16 bits."""
        wide = any(t.dtype == "int16" and not t.is_constant for t in self.graph.tensors)
        return "int16x8" if wide else "int8"

    def __str__(self) -> str:
        weights = "per channel" if self.per_channel else "per tensor"
        how = f"calibrated on {self.samples} samples" if self.samples else "the file's own scales,"
        return f"{len(self.model)} bytes, weights {weights}, {how} by {self.converter}"


def convert_keras(
    model: Any,
    samples: Array,
    name: str = "model",
    *,
    per_tensor: bool = False,
    wide: bool = False,
) -> Conversion:
    """Full-int8 post-training quantization of a Keras model in memory.

    `samples` are float32 [N, ...] calibration inputs; `wide` gives int16 activations. Raises as
    `convert_model`.
    """
    loaded = prepare_keras(model, name)
    return quantize_loaded(loaded, samples, name, per_tensor=per_tensor, wide=wide)


def prepare_keras(model: Any, name: str = "model") -> Loaded:
    """A Keras model in memory as the converter takes it: once for any number of conversions."""
    tensorflow = load_tensorflow()
    with quiet(), ScratchFolder("convert") as folder:
        return load_signature(tensorflow, Path(name), export_keras(model, Path(folder)))


def quantize_loaded(
    loaded: Loaded,
    samples: Array | Sequence[Array],
    name: str = "model",
    *,
    per_tensor: bool = False,
    wide: bool = False,
    in_float: bool = False,
    weights_only: bool = False,
) -> Conversion:
    """As `convert_keras`, of what `prepare_keras` gave; operators may stay `in_float`.

    `samples` of several inputs are an array [N, ...] for each, in their order. `weights_only`
    leaves activations in float32 (dynamic range).
    """
    tensorflow = load_tensorflow()
    source = Path(name)
    arrays = [samples] if isinstance(samples, np.ndarray) else samples
    values = {
        spec.name: array.astype(np.dtype(spec.dtype))
        for spec, array in zip(loaded.inputs, arrays, strict=True)
    }
    with quiet():
        data = convert_loaded(
            tensorflow, source, loaded, values, per_tensor=per_tensor, wide=wide,
            weights_only=weights_only,
        )  # fmt: skip
    return conversion_of(
        source, data, len(arrays[0]), (lambda _: ()) if in_float else None,
        converter=f"TensorFlow {tensorflow.__version__}",
    )  # fmt: skip


def float_graph(model: Any, name: str = "model") -> Graph:
    """The graph that the converter makes of a Keras model without quantizing it.

    Batch normalization is folded into float32 weights; operators are those of the int8 model.
    """
    tensorflow = load_tensorflow()
    loaded = prepare_keras(model, name)
    samples = {
        spec.name: np.zeros((1, *(n or 1 for n in spec.shape[1:])), np.dtype(spec.dtype))
        for spec in loaded.inputs
    }
    with quiet():
        data = convert_loaded(tensorflow, Path(name), loaded, samples, quantized=False)
    return parse_model(data, name)


def conversion_of(
    source: Path,
    data: bytes,
    samples: int,
    problems: Callable[[Graph], Sequence[str]] | None = None,
    *,
    converter: str,
    notes: tuple[str, ...] = (),
) -> Conversion:
    """What a converted file is. Raises ModelError when it is not fully integer (`problems`)."""
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
        samples=samples,
        converter=converter,
        notes=notes,
        in_float=tuple(op.kind for op in real),
        float_values=sum(graph.tensors[i].elements for i in written),
    )


def export_keras(model: Any, folder: Path) -> Path:
    """A Keras model as a SavedModel directory below `folder`."""
    target = folder / "saved_model"
    _infer(model)
    with contextlib.redirect_stdout(io.StringIO()):
        if type(model).__module__.startswith("tf_keras"):
            model.export(str(target))
        else:
            model.export(str(target), verbose=False)
    return target


def _infer(model: Any) -> None:
    """Have a model called without `training` infer: some layers augment unless they are told."""
    call = model.call
    if "training" in inspect.signature(call).parameters:
        model.call = lambda *inputs, **named: call(*inputs, **{**named, "training": False})


def convert_loaded(
    tensorflow: Any,
    source: Path,
    loaded: Loaded,
    samples: Mapping[str, Array],
    *,
    per_tensor: bool = False,
    quantized: bool = True,
    outputs: Mapping[str, str] | None = None,
    wide: bool = False,
    quantize: Callable[[bytes], bytes] | None = None,
    weights_only: bool = False,
) -> bytes:
    """A loaded SavedModel as a .tflite: int8, with int16 activations if `wide`, with float32 ones
    if `weights_only`, or float.

    `quantize` takes the place of the converter's own quantizing, of the float file that it made.
    Raises ModelError, naming the operators that are in the way.
    """
    converter = new_converter(tensorflow, loaded, samples, outputs)
    if not quantized:
        return run_converter(converter, f"{source} cannot be converted")
    kinds = tensorflow.lite.OpsSet
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    if weights_only:
        return run_converter(converter, f"{source} cannot be quantized")
    converter.target_spec.supported_ops = [
        kinds.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        if wide
        else kinds.TFLITE_BUILTINS_INT8
    ]
    converter.inference_input_type = tensorflow.int16 if wide else tensorflow.int8
    converter.inference_output_type = tensorflow.int16 if wide else tensorflow.int8
    if per_tensor:
        converter._experimental_disable_per_channel = True
    converter.representative_dataset = representative(samples)
    if quantize is not None:
        converter._quantize = lambda model, *_, **__: quantize(model)
    how = " with int16 activations" if wide else ""
    return run_converter(converter, f"{source} cannot be fully integer{how}")


def new_converter(
    tensorflow: Any,
    loaded: Loaded,
    samples: Mapping[str, Array],
    outputs: Mapping[str, str] | None = None,
) -> Any:
    """TensorFlow's converter for the SavedModel `loaded`, one input at a time; nothing is set.

    `outputs` are names for those of the signature.
    """
    signature = loaded.function
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
    return tensorflow.lite.TFLiteConverter.from_concrete_functions([concrete], loaded.model)


def representative(samples: Mapping[str, Array]) -> Callable[[], Iterator[dict[str, Array]]]:
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
        raise ModelError(
            f"{refusal}: {operators_in_the_way(str(error)) or f'{first_line(error)}.'}"
        ) from error


def operators_in_the_way(message: str) -> str:
    """The operators that the converter's page of text complains about, in one sentence."""
    if "TensorListReserve" in message:
        return (
            "a recurrent layer loops over a list, which a device has no operator for; build the "
            "layer with unroll=True and a fixed number of steps."
        )
    names = sorted(set(re.findall(r"\btf\.[A-Z]\w+|\bFlex\w+", message)))
    return (
        f"the converter has no int8 form of {', '.join(names)}.{_volumes(names)}" if names else ""
    )


def _volumes(kinds: Sequence[str]) -> str:
    """The way out for layers of volumes, "" for others."""
    if any("3D" in kind and ("TRANSPOSE" in kind or "Backprop" in kind) for kind in kinds):
        return " Instead of a Conv3DTranspose take UpSampling3D and Conv3D."
    if any("3D" in kind for kind in kinds):
        return (
            " Layers of volumes are written as layers of images where the Keras file itself "
            "(.keras, .h5) is converted."
        )
    return ""


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
    text = f"{source} cannot be fully integer: {'; '.join(kinds)} stay in float.{_volumes(kinds)}"
    if found:
        text += f" What stays cannot be compiled either: {'; '.join(found)}."
    raise ModelError(text)


def _ranges(graph: Graph) -> Iterator[TensorRange]:
    for tensor in graph.tensors:
        quantization: Quantization | None = tensor.quantization
        if tensor.is_constant or tensor.dtype not in _STEPS or quantization is None:
            continue
        scale, zero_point = quantization.scale, quantization.zero_point
        low, high = ((step - zero_point) * scale for step in _STEPS[tensor.dtype])
        yield TensorRange(tensor.name, low, high, scale, zero_point)
