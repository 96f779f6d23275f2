"""Files in, what an audit is given out: models that belong together, and inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from qmcu.backdoor.detectors.given_inputs import parts_of, random_given, read_given
from qmcu.backdoor.detectors.graph_branches import CONTROL
from qmcu.backdoor.detectors.loops import only_counts
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.grids import (
    ALIKE,
    LayerGrid,
    ends_of,
    layer_grids,
    pair_network,
    rescale_like,
)
from qmcu.backdoor.inputs import Parts
from qmcu.backdoor.networks import (
    CONSTANT,
    Network,
    input_orders,
    join_inputs,
    keras_from_network,
    logits,
    network_from_graph,
    open_float_graph,
    plain_graph,
    reorder_inputs,
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
from qmcu.model.real_form import has_real_activations, with_real_weights, without_dequantized
from qmcu.model.unpack import read_model_file
from qmcu.model.writer import write_model
from qmcu.scratch import ScratchFolder
from qmcu.types import Array, Float32Array

# Operators of an initialiser that assigns constants to variables.
_INITIALISES = {"VAR_HANDLE", "ASSIGN_VARIABLE"}
# Inputs by which orders of inputs are told apart.
_ASKED = 8
# Steps of the median weight of a layer beyond which no rounding explains it.
_OFF = 0.6


def load_context(
    float_file: Path | None,
    integer_file: Path | None,
    data: Path | None,
    *,
    seed: int = 0,
    opening: OpenOptions | None = None,
    output: int = 0,
    floating: Graph | None = None,
    calibration: Path | None = None,
) -> AuditContext:
    """The context of files: any of a float model, an int8 .tflite and an .npz with `inputs`, or
    `input_0`, `input_1` and so on.

    With only the float model it is quantized here, to see what would be deployed; `opening` says
    how it is opened, `floating` is what was opened already; `output` which of several outputs (of
    the int8 file, if given) is looked at. `calibration` is an .npz of all inputs that the int8
    file was calibrated with, which serve as `data` where there is none. Raises UsageError without
    any model, ModelError or VectorError for a file.
    """
    if float_file is None and integer_file is None:
        raise UsageError("nothing to audit: give --int8 MODEL.tflite, --float MODEL or both.")
    if calibration is not None and integer_file is None:
        raise UsageError("--calibration says what an --int8 file was calibrated with; give both.")
    data = data or calibration
    if floating is None and float_file is not None:
        floating = open_float_graph(float_file, opening)
    own = None
    if floating is not None:
        own = plain_graph(with_output(floating, min(output, len(floating.outputs) - 1)))
    integer, control, graph = (
        (None, (), None) if integer_file is None else _file(integer_file, output)
    )
    described = graph or own
    assert described is not None
    given, labels = (None, None) if data is None else read_given(data, described)
    if integer is None:
        assert own is not None and float_file is not None
        integer, graph, given = _deployed(float_file, own, given, seed, opening, output)
        described = graph
    parts = parts_of(described, given)
    samples, ends = _samples(described, given, parts, None if integer_file is None else graph)
    found = AuditContext(None, integer, None, samples, *ends, seed, control, labels, parts=parts)
    if calibration is not None:
        whole = samples
        if calibration != data:
            whole = _as_one(read_given(calibration, described)[0], parts)
        found = replace(found, calibration=whole)
    if control or graph is None:
        network = None if own is None else _network_of(own, parts)
        return replace(found, network=network, source=network)
    found = replace(found, graph=graph if parts is None else join_inputs(graph, parts))
    if floating is not None:
        found = _pair(found, floating, graph, output)
    _require_shapes(found, {data: samples, calibration: found.calibration})
    return found


def _deployed(
    float_file: Path,
    own: Graph,
    given: list[Array] | None,
    seed: int,
    opening: OpenOptions | None,
    output: int,
) -> tuple[bytes, Graph, list[Array] | None]:
    """What of a float model alone would be deployed, its graph, and the inputs in its order."""
    _network_of(own, parts_of(own, given))  # says what an audit cannot follow
    integer = _quantize(float_file, own, given or random_given(own, 64, seed), opening, output)
    graph = _read(integer, "model", str(float_file))
    if given is not None and len(given) > 1:
        # The converter may have put them otherwise.
        given = [given[k] for k in next(iter(input_orders(own, graph)))]
    return integer, graph, given


def _require_shapes(context: AuditContext, files: Mapping[Path | None, Array | None]) -> None:
    """Raise VectorError where a file's inputs have another shape than the model's."""
    for file, inputs in files.items():
        if inputs is not None and inputs.shape[1:] != context.input_shape:
            raise VectorError(
                f"{file} holds inputs of {list(inputs.shape[1:])} and the model takes "
                f"{list(context.input_shape)}."
            )


def _file(path: Path, output: int) -> tuple[bytes, tuple[str, ...], Graph]:
    """An int8 file with one of its outputs, as tflite-micro can run it, what runs other subgraphs
    in it, and its graph.
    """
    source = str(path)
    integer = _inside(path, output)
    control = _control(integer, source)
    graph = _read(integer, path.stem, source, with_control=bool(control))
    if control and only_counts(graph):
        raise UnsupportedModelError(
            f"{source} runs over steps in a loop (WHILE), which an audit cannot follow: convert it "
            "with its recurrent layers unrolled (unroll=True in Keras), as qmcu convert does."
        )
    if control:
        return integer, control, graph
    if has_real_activations(graph):
        integer = write_model(with_real_weights(parse_model(integer, graph.name)))
    _refuse_deadly(integer, parse_model(integer, graph.name), source)
    return integer, control, graph


def _read(model: bytes, name: str, source: str, *, with_control: bool = False) -> Graph:
    """The graph of a file with integer arithmetic; of one `with_control` flow as it is."""
    graph = parse_model(model, name, source=source)
    if with_control:
        return graph
    if has_real_activations(graph):
        return plain_graph(without_dequantized(graph))
    graph = plain_graph(graph)
    _require_integers(graph)
    return graph


def _network_of(graph: Graph, parts: Parts | None) -> Network:
    return network_from_graph(graph if parts is None else join_inputs(graph, parts))


def _as_one(given: list[Array], parts: Parts | None) -> Float32Array:
    return np.asarray(given[0], np.float32) if parts is None else parts.join(given)


def _samples(
    described: Graph, given: list[Array] | None, parts: Parts | None, file: Graph | None
) -> tuple[Float32Array | None, tuple[float, float]]:
    """The inputs as one, and their range: that of what is given, of the int8 input's grid, or 0 to
    1.
    """
    samples = None if given is None else _as_one(given, parts)
    if parts is not None:
        return samples, (0.0, 1.0)
    if samples is not None:
        return samples, (float(samples.min()), float(samples.max()))
    return None, ends_of(file.input_tensors[0]) if file is not None and file.inputs else (0.0, 1.0)


def _pair(context: AuditContext, floating: Graph, file: Graph, output: int) -> AuditContext:
    """The context with the float model in the form of the int8 file: of several outputs the one of
    which this file is a quantization, for converters order them otherwise, and inputs likewise.
    """
    assert context.graph is not None
    count = len(floating.outputs)
    parted: list[ModelError] = []
    for number in sorted(range(count), key=lambda k: k != output):
        try:
            found = _pair_inputs(context, plain_graph(with_output(floating, number)), file)
            if count > 1:
                _ = found.grids
            return found
        except ModelError as error:
            parted.append(error)
    raise parted[0]


def _pair_inputs(context: AuditContext, own: Graph, file: Graph) -> AuditContext:
    """The context with a float graph of one output, its inputs in that order of those that fit in
    which it answers most like the file.
    """
    assert context.graph is not None
    orders = [tuple(range(len(own.inputs)))]
    if len(own.inputs) + len(file.inputs) > 2:
        orders = list(input_orders(own, file))
    found: list[tuple[float, AuditContext]] = []
    parted: list[ModelError] = []
    for order in orders:
        try:
            source = _network_of(reorder_inputs(own, order), context.parts)
            network = pair_network(source, context.graph)
        except ModelError as error:
            parted.append(error)
            continue
        paired = replace(context, network=network, source=source, _shared={})
        paired = _rescaled(paired, network)
        found.append((_distance(paired) if len(orders) > 1 else 0.0, paired))
    if not found:
        raise parted[0]
    return min(found, key=lambda pair: pair[0])[1]


def _rescaled(context: AuditContext, network: Network) -> AuditContext:
    """The context with the float model's channels as the file's are, where its layers were
    equalized before they were quantized; as it is where they were not.
    """
    assert context.graph is not None
    try:
        grids = layer_grids(network, context.graph)
    except ModelError:  # it is said later what is wrong with it
        return context
    if not _is_off(grids):
        return context
    made = rescale_like(network, grids)
    inputs = replace(context, network=network).noise(_ASKED)
    own, other = logits(network, inputs), logits(made, inputs)
    apart = float(np.sqrt(np.mean((own - other) ** 2) / max(float(np.mean(own**2)), 1e-12)))
    if apart > ALIKE or _is_off(layer_grids(made, context.graph)):
        return context
    return replace(context, network=made, source=made, rescaled=True, _shared={})


def _is_off(grids: Sequence[LayerGrid]) -> bool:
    """Whether the median weight of a layer is further from its integer than rounding takes it."""
    steps = [np.median(np.abs(g.residuals)) for g in grids if g.kind != CONSTANT]
    return bool(max(steps, default=0.0) > _OFF)


def _distance(context: AuditContext) -> float:
    """How far float answers lie from those of the file's weights in real numbers."""
    assert context.network is not None and context.graph is not None
    inputs = context.noise(_ASKED)
    own, other = logits(context.network, inputs), logits(network_from_graph(context.graph), inputs)
    return float(np.sqrt(np.mean((own - other) ** 2)))


def _quantize(
    float_file: Path,
    own: Graph,
    given: list[Array],
    opening: OpenOptions | None,
    output: int,
) -> bytes:
    """What would be deployed: by way of a Keras model, or of the file where there is none."""
    try:
        if len(given) > 1:
            raise ModelError("a model of several inputs is quantized from its file.")
        network = network_from_graph(own)
        samples = np.asarray(given[0], np.float32)
        return convert_keras(keras_from_network(network), samples, own.name).model
    except ModelError:
        with ScratchFolder("audit") as folder:
            names = [own.name_of(index) for index in own.inputs]
            if len(given) == 1:
                names = ["inputs"]
            np.savez(Path(folder) / "inputs.npz", **dict(zip(names, given, strict=True)))  # type: ignore[arg-type]
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
    """The model between the QUANTIZE and DEQUANTIZE at its ends, which can hide nothing, with whole
    numbers where it casts its inputs to such, and one of its outputs.
    """
    content = _of_output(read_model_file(path), output, str(path))
    try:
        return strip_ends(content, source=str(path), lenient=True, whole_numbers=True)
    except ModelError:
        # It is said below what is wrong with it.
        return content


def _require_integers(graph: Graph) -> None:
    """Raise UnsupportedModelError unless int8 or int16 tensors go in, or whole numbers that choose
    rows of tables, and one int8 or int16 tensor comes out. An input that nobody reads is any.
    """
    if not graph.inputs or len(graph.outputs) != 1:
        raise UnsupportedModelError(
            f"{graph.name} has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; an "
            "audit needs one output and something that it is made of."
        )
    read = {i for op in graph.operators for i in op.inputs}
    for tensor in (*graph.input_tensors, *graph.output_tensors):
        if tensor in graph.input_tensors and tensor.index not in read:
            continue
        whole = tensor in graph.input_tensors and tensor.dtype in ("int32", "int64")
        if tensor.dtype not in ("int8", "int16") and not whole:
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
