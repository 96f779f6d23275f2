"""A model's file converted: to int8 by calibration, or to float32 as it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from qmcu.conversion.calibration import pixel_note, read_samples
from qmcu.conversion.preprocessing import write_preprocessing
from qmcu.conversion.process import ConverterProcess
from qmcu.conversion.quantizing import FLOAT, MODEL
from qmcu.conversion.samples import SampleOptions, Samples
from qmcu.errors import ModelError, UsageError
from qmcu.model.convert import Conversion, conversion_of
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model


@dataclass(frozen=True)
class OpenOptions:
    """How a file is opened: which `signature` of a SavedModel, whether its code is trusted to run,
    and Python files or modules with its `custom` classes. With `keep_layout` inputs and outputs of
    an ONNX file keep their axes.
    """

    signature: str | None = None
    trust: bool = False
    custom: tuple[str, ...] = ()
    keep_layout: bool = False


@dataclass(frozen=True, eq=False)
class Converted:
    """A conversion with its samples, and where it was asked for the same model in float32.

    The samples have their axes as the .tflite has them.
    """

    conversion: Conversion
    samples: Samples | None
    float_model: bytes | None = None


def convert_model(
    source: Path,
    calibration: Path | str,
    *,
    per_tensor: bool = False,
    limit: int | None = None,
    problems: Callable[[Graph], Sequence[str]] | None = None,
) -> Conversion:
    """Full-int8 post-training quantization with int8 input and output; see `convert_file`."""
    return convert_file(
        source, calibration, per_tensor=per_tensor, options=SampleOptions(limit=limit),
        problems=problems,
    ).conversion  # fmt: skip


def convert_file(
    source: Path,
    calibration: Path | str | None,
    *,
    per_tensor: bool = False,
    activations: str = "int8",
    options: SampleOptions | None = None,
    opening: OpenOptions | None = None,
    keep_float: bool = False,
    problems: Callable[[Graph], Sequence[str]] | None = None,
) -> Converted:
    """Full-integer post-training quantization; input and output are of the type of `activations`.

    `activations` are int8, or int16 beside int8 weights and int64 biases (16x8).
    `source` is a .keras, .h5, SavedModel directory, .onnx, .pt2 or float .tflite; `calibration` an
    .npz with `inputs` (or `input_0`, ..., or the inputs' names), a folder of pictures or sounds, or
    `module:function`: real values as the float model takes them, or None for a file with scales of
    its own, whose integers are kept. Inputs and outputs are in the
    model's own order, under its names. The same files give the same bytes. `problems` answers what
    cannot be compiled of a graph: where that is nothing, operators may stay in float; without it
    none may.
    Raises ToolError without TensorFlow, VectorError for the calibration, ModelError when the model
    cannot be read or cannot be fully integer, naming the operators.
    """
    opening = opening or OpenOptions()
    if activations not in ("int8", "int16"):
        raise UsageError(f"activations can be int8 or int16, not {activations}.")
    with _open(source, opening) as process:
        if process.quantized and activations != "int8":
            raise UsageError(
                f"{source} is quantized already and keeps the types of its activations; convert "
                f"the float model that it was made from to {activations}."
            )
        samples = None
        if calibration is not None:
            if process.quantized and source.suffix == ".tflite":
                raise UsageError(
                    f"{source} is quantized already, to uint8, and becomes int8 by its own scales; "
                    "leave --calibration out."
                )
            samples = read_samples(str(calibration), process.inputs, options)
            arrays = {f"input_{i}": samples.inputs[s.name] for i, s in enumerate(process.inputs)}
            np.savez(process.folder / "samples.npz", **arrays)  # type: ignore[arg-type]
        elif not process.quantized:
            raise UsageError(
                f"{source} needs --calibration X.npz, inputs as the float model takes them."
            )
        name = None if samples is None else "samples.npz"
        answer = process.convert(
            {
                "samples": name,
                "per_tensor": per_tensor,
                "wide": activations == "int16",
                "float": keep_float,
            }
        )
        data = (process.folder / MODEL).read_bytes()
        plain = None
        if keep_float and not process.quantized:
            plain = (process.folder / FLOAT).read_bytes()
        notes = (*process.notes, *answer.get("notes", ()))
        if samples is not None and (pixels := pixel_note(samples)) is not None:
            notes = (*notes, pixels)
        quantized = process.quantized
    if samples is not None and samples.preprocessing is not None:
        data = write_preprocessing(data, samples.preprocessing)
    conversion = conversion_of(
        source, data, 0 if samples is None else len(samples),
        _no_problems if quantized else problems, converter=answer["converter"], notes=notes,
    )  # fmt: skip
    if samples is not None and answer.get("orders"):
        samples = _in_order(samples, answer["orders"])
    return Converted(conversion, samples, plain)


def _in_order(samples: Samples, orders: Mapping[str, Sequence[int]]) -> Samples:
    """The samples with the axes that the .tflite has."""
    inputs = {
        name: np.transpose(a, orders[name]) if name in orders else a
        for name, a in samples.inputs.items()
    }
    return replace(samples, inputs=inputs)


def _no_problems(graph: Graph) -> Sequence[str]:
    """A quantized file leaves what it leaves in real numbers; the report says what that costs."""
    return ()


def float_file(source: Path, opening: OpenOptions | None = None) -> bytes:
    """The float32 .tflite of a model's file; a float .tflite as it is.

    Raises as `convert_file`, and ModelError for a .tflite that is no float model.
    """
    with _open(source, opening or OpenOptions()) as process:
        if process.quantized:
            raise ModelError(
                f"{source} is quantized already; the float model is needed that it was made from."
            )
        process.convert({"samples": None})
        return (process.folder / FLOAT).read_bytes()


def _open(source: Path, opening: OpenOptions) -> ConverterProcess:
    return ConverterProcess(
        source, signature=opening.signature, trust=opening.trust, custom=opening.custom,
        keep_layout=opening.keep_layout,
    )  # fmt: skip


def float_graph_of(source: Path, opening: OpenOptions | None = None) -> Graph:
    """The graph of `float_file`."""
    return parse_model(float_file(source, opening), source.stem, source=str(source))
