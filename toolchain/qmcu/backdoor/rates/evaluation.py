"""Models and triggers in, clean accuracy and attack success rate out: in float and in int8."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.inputs import (
    Dataset,
    Parts,
    Trigger,
    classifier_input,
    integer_inputs,
    part_name,
    single_input,
)
from qmcu.backdoor.rates.metrics import Rate, attack_success_rate, clean_accuracy, other_classes
from qmcu.backdoor.rates.oracle_pool import run_oracle
from qmcu.errors import VectorError
from qmcu.model.decision import decide, decide_integer, real_outputs
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.types import Array, Float32Array, Float64Array, Int64Array, Progress

_BATCH = 256


@dataclass(frozen=True)
class Evaluation:
    """Clean accuracy and attack success rate of one model with one trigger, on one arithmetic."""

    clean: Rate
    attack: Rate

    def __str__(self) -> str:
        return f"CA {self.clean}, ASR {self.attack}"


def predict_float(model: Any, inputs: Float32Array) -> Int64Array:
    """The class of each input (float32 [N, ...]) by a Keras model: int64 [N].

    Of equal scores the first; one output is a class above 0.5 (see `decide`).
    Raises VectorError when the shape is not the model's.
    """
    expected = tuple(model.input_shape[1:])
    if tuple(inputs.shape[1:]) != expected:
        raise VectorError(
            f"the model takes inputs of {list(expected)} and these are {list(inputs.shape[1:])}."
        )
    classes = [
        decide(_scores(model, inputs[i : i + _BATCH])) for i in range(0, len(inputs), _BATCH)
    ]
    return np.concatenate(classes).astype(np.int64) if classes else np.empty(0, np.int64)


def _scores(model: Any, inputs: Float32Array) -> npt.NDArray[Any]:
    scores = np.asarray(model(inputs, training=False))
    return scores.reshape(len(inputs), -1)


def predict_integer(
    model: bytes,
    inputs: Float32Array,
    *,
    parts: Parts | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Int64Array:
    """The class of each real input by a .tflite model on the tflite-micro oracle: int64 [N].

    Inputs are quantized with the model's scale, where it does not take them as they are; the rule
    is that of `decide`. Of several inputs `inputs` are `parts` end to end. Raises
    UnsupportedModelError for several inputs or outputs, VectorError
    for other shapes, ModelError for a model that the interpreter refuses.
    """
    graph = parse_model(model, "model")
    return classes_of(_run(model, graph, inputs, parts, jobs, progress), graph)


def run_integer(
    model: bytes, inputs: Float32Array, *, parts: Parts | None = None, jobs: int | None = None
) -> Float64Array:
    """The real outputs for real inputs of a .tflite model on the tflite-micro oracle, by the
    output's scale: float64 [N, elements]. Raises as `predict_integer`.
    """
    graph = parse_model(model, "model")
    rows = _run(model, graph, inputs, parts, jobs, None).reshape(len(inputs), -1)
    return np.asarray(real_outputs(rows, graph.output_tensors[0]), np.float64)


def _run(
    model: bytes,
    graph: Graph,
    inputs: Float32Array,
    parts: Parts | None,
    jobs: int | None,
    progress: Progress | None,
) -> Array:
    if parts is None:
        rows = integer_inputs(inputs, single_input(graph))
        return run_oracle(model, rows, jobs=jobs, progress=progress)
    arrays = parts.split(inputs)
    names = [part_name(k) for k in range(len(arrays))]
    own = [graph.name_of(i) for i in graph.inputs]
    if sorted(own) == names:
        # A network quantized anew: its converter may have put them otherwise.
        arrays = [arrays[names.index(name)] for name in own]
    given = [
        integer_inputs(array, tensor)
        for array, tensor in zip(arrays, graph.input_tensors, strict=True)
    ]
    return run_oracle(model, given, jobs=jobs, progress=progress)


def classes_of(outputs: Array, graph: Graph) -> Int64Array:
    """The class of each output [N, ...] of `graph`, by the rule of `decide`: int64 [N]."""
    return decide_integer(outputs, graph.output_tensors[0])


def evaluate_float(
    model: Any, dataset: Dataset, trigger: Trigger, *, limit: int | None = None
) -> Evaluation:
    """Rates of a Keras model on the first `limit` test inputs, clean and triggered."""
    inputs, labels = dataset.test_inputs[:limit], dataset.test_labels[:limit]
    others = other_classes(labels, trigger.target)
    triggered = predict_float(model, trigger.apply(inputs[others]))
    return Evaluation(
        clean_accuracy(predict_float(model, inputs), labels),
        attack_success_rate(triggered, labels[others], trigger.target),
    )


def evaluate_integer(
    model: bytes,
    dataset: Dataset,
    trigger: Trigger,
    *,
    limit: int | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Rates of an int8 .tflite on the oracle; triggered exactly in int8, as on a device.

    `progress` counts clean and triggered inputs together. Raises as `predict_integer`.
    """
    labels = dataset.test_labels[:limit]
    graph = parse_model(model, "model")
    tensor = classifier_input(graph)
    clean = integer_inputs(dataset.test_inputs[:limit], tensor)
    others = other_classes(labels, trigger.target)
    triggered = trigger.apply_integer(clean[others], tensor)
    outputs = run_oracle(model, np.concatenate([clean, triggered]), jobs=jobs, progress=progress)
    classes = classes_of(outputs, graph)
    return Evaluation(
        clean_accuracy(classes[: len(clean)], labels),
        attack_success_rate(classes[len(clean) :], labels[others], trigger.target),
    )
