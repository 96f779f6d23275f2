"""Files in, what an audit is given out: models that belong together, and inputs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qmcu.arrays import read_arrays
from qmcu.backdoor.detectors.graph_branches import CONTROL
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.grids import ends_of, pair_network
from qmcu.backdoor.networks import (
    Network,
    keras_from_network,
    network_from_graph,
    open_float_graph,
    plain_graph,
)
from qmcu.conversion.files import OpenOptions, convert_file
from qmcu.errors import (
    InterpreterDiedError,
    ModelError,
    UnsupportedModelError,
    UsageError,
    VectorError,
)
from qmcu.model.convert import convert_keras
from qmcu.model.ends import strip_ends
from qmcu.model.graph import Graph
from qmcu.model.one_output import keep_output, with_output
from qmcu.model.oracle import Oracle
from qmcu.model.reader import operator_kinds, parse_model
from qmcu.model.unpack import read_model_file
from qmcu.scratch import ScratchFolder
from qmcu.types import Int64Array

# Operators of an initialiser that assigns constants to variables.
_INITIALISES = {"VAR_HANDLE", "ASSIGN_VARIABLE"}


def load_context(
    float_file: Path | None,
    integer_file: Path | None,
    data: Path | None,
    *,
    seed: int = 0,
    opening: OpenOptions | None = None,
    output: int = 0,
) -> AuditContext:
    """The context of files: any of a float model, an int8 .tflite and an .npz with `inputs`.

    With only the float model it is quantized here, to see what would be deployed; `opening` says
    how it is opened, `output` which of several outputs (of the int8 file, if given) is looked at.
    Raises UsageError without any model, ModelError or VectorError for a file.
    """
    if float_file is None and integer_file is None:
        raise UsageError("nothing to audit: give --int8 MODEL.tflite, --float MODEL or both.")
    samples, labels = (None, None) if data is None else _samples(data)
    network, floating = None, None
    if float_file is not None:
        floating = open_float_graph(float_file, opening)
        network = network_from_graph(with_output(floating, min(output, len(floating.outputs) - 1)))
    integer = None if integer_file is None else _inside(integer_file, output)
    if integer is None and network is not None:
        given = samples
        if given is None:
            shape = (64, *network.input_shape)
            given = np.random.default_rng(seed).random(shape).astype(np.float32)
        assert float_file is not None
        integer = _quantize(float_file, network, given, opening, output)
    graph: Graph | None = None
    control: tuple[str, ...] = ()
    if integer is not None:
        control = _control(integer, str(integer_file))
    if integer is not None and not control:
        name = "model" if integer_file is None else integer_file.stem
        graph = plain_graph(parse_model(integer, name, source=str(integer_file or float_file)))
        _require_integers(graph)
        if integer_file is not None:
            _refuse_deadly(integer, graph, str(integer_file))
    low, high = _range(samples, graph if integer_file else None)
    context = AuditContext(
        network, integer, graph, samples, low, high, seed, control, labels, source=network
    )
    if floating is not None and graph is not None:
        context = _pair(context, floating, output)
    if control:
        return context
    if samples is not None and samples.shape[1:] != context.input_shape:
        raise VectorError(
            f"{data} holds inputs of {list(samples.shape[1:])} and the model takes "
            f"{list(context.input_shape)}."
        )
    return context


def _pair(context: AuditContext, floating: Graph, output: int) -> AuditContext:
    """The context with the float model in the form of the int8 file: of several outputs the one of
    which this file is a quantization, for converters order them otherwise.
    """
    assert context.graph is not None
    count = len(floating.outputs)
    parted: list[ModelError] = []
    for number in sorted(range(count), key=lambda k: k != output):
        try:
            source = network_from_graph(with_output(floating, number))
            network = pair_network(source, context.graph)
            found = replace(context, network=network, source=source, _shared={})
            if count > 1:
                _ = found.grids
            return found
        except ModelError as error:
            parted.append(error)
    raise parted[0]


def _quantize(
    float_file: Path,
    network: Network,
    samples: npt.NDArray[np.float32],
    opening: OpenOptions | None,
    output: int,
) -> bytes:
    """What would be deployed: by way of a Keras model, or of the file where there is none."""
    try:
        return convert_keras(keras_from_network(network), samples, network.graph.name).model
    except ModelError:
        with ScratchFolder("audit") as folder:
            np.savez(Path(folder) / "inputs.npz", inputs=samples)
            calibration = str(Path(folder) / "inputs.npz")
            whole = convert_file(
                float_file, calibration, opening=opening, problems=lambda _: ()
            ).conversion.model  # fmt: skip
            return _of_output(whole, output, str(float_file))


def _of_output(model: bytes, output: int, source: str) -> bytes:
    """The model with one of its outputs alone; itself where it has one."""
    try:
        count = len(parse_model(model, source=source).outputs)
    except ModelError:
        # It is said elsewhere what is wrong with it.
        return model
    return keep_output(model, output, source=source) if count > 1 else model


def _inside(path: Path, output: int) -> bytes:
    """The model between the QUANTIZE and DEQUANTIZE at its ends, which can hide nothing, with one
    of its outputs.
    """
    content = _of_output(read_model_file(path), output, str(path))
    try:
        return strip_ends(content, source=str(path))
    except ModelError:
        # It is said below what is wrong with it.
        return content


def _require_integers(graph: Graph) -> None:
    """Raise UnsupportedModelError unless one int8 or int16 tensor goes in and one comes out."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise UnsupportedModelError(
            f"{graph.name} has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; an "
            "audit needs one of each."
        )
    for tensor in (*graph.input_tensors, *graph.output_tensors):
        if tensor.dtype not in ("int8", "int16"):
            raise UnsupportedModelError(
                f"{graph.name}: {tensor.name} is {tensor.dtype} and nothing quantizes it; an audit "
                "needs a file whose arithmetic is int8 or int16 (the float model is for --float)."
            )


def _refuse_deadly(model: bytes, graph: Graph, source: str) -> None:
    """Raise ModelError for a file that kills the interpreter: it is damaged, or made for that."""
    try:
        Oracle(model, name=source).run(
            [np.zeros(t.shape, np.dtype(t.dtype)) for t in graph.input_tensors]
        )
    except InterpreterDiedError:
        raise
    except ModelError:
        # One that it merely refuses has weights to look at.
        return


def _control(model: bytes, source: str) -> tuple[str, ...]:
    """The operators that run other subgraphs, of a file that has some.

    An initialiser that only assigns variables their first values sees no input: it is none.
    """
    kinds = operator_kinds(model, source=source)
    if len(kinds) < 2:
        return ()
    others = {kind for own in kinds[1:] for kind in own}
    control = set(CONTROL) - ({"CALL_ONCE"} if others <= _INITIALISES else set())
    return tuple(f"{k} in subgraph {i}" for i, own in enumerate(kinds) for k in own if k in control)


def _range(samples: npt.NDArray[np.float32] | None, graph: Graph | None) -> tuple[float, float]:
    """The range of inputs: that of the samples, of the int8 input's grid, or 0 to 1."""
    if samples is not None:
        return float(samples.min()), float(samples.max())
    return ends_of(graph.input_tensors[0]) if graph is not None and graph.inputs else (0.0, 1.0)


def _samples(path: Path) -> tuple[npt.NDArray[np.float32], Int64Array | None]:
    """The inputs, and their classes where the file has `labels` that fit."""
    arrays = read_arrays(path)
    if "inputs" not in arrays:
        raise VectorError(f"{path} has no array inputs; it has {', '.join(sorted(arrays))}.")
    inputs = arrays["inputs"]
    if inputs.dtype.kind not in "fu" and inputs.dtype not in (np.int32, np.int64):
        raise VectorError(f"{path} holds inputs of {inputs.dtype}; real values are needed.")
    if not inputs.size or not np.isfinite(inputs).all():
        raise VectorError(f"{path} holds no inputs, or some that are not finite.")
    labels = arrays.get("labels")
    if labels is not None and (labels.dtype.kind not in "iu" or labels.shape != inputs.shape[:1]):
        raise VectorError(
            f"{path} holds labels of {labels.dtype} {list(labels.shape)}; one integer class for "
            f"each of the {len(inputs)} inputs is needed, or no labels."
        )
    classes = None if labels is None else labels.astype(np.int64)
    return np.asarray(inputs, np.float32), classes
