"""Triggers put on the inputs of a file."""

from pathlib import Path

import numpy as np

from qmcu.arrays import read_arrays
from qmcu.backdoor.inputs.classifier import classifier_input
from qmcu.backdoor.inputs.triggers import Trigger
from qmcu.errors import VectorError
from qmcu.model.reader import read_model
from qmcu.model.scoring import class_labels
from qmcu.model.vectors import read_inputs
from qmcu.types import Array


def trigger_arrays(
    trigger: Trigger, inputs: Path, model: Path | None = None, limit: int | None = None
) -> dict[str, Array]:
    """Triggered `inputs`, `triggered` (all True) and the true `labels`, if the file has them.

    Without `model` the inputs are float32 [N, ...]; with an int8 .tflite they are its int8
    inputs, quantized and then triggered in int8. Raises VectorError or ModelError.
    """
    if model is None:
        arrays = read_arrays(inputs)
        real = arrays.get("inputs")
        if real is None or real.dtype.kind not in "uif" or real.dtype == np.int8 or not real.ndim:
            raise VectorError(
                f"{inputs} needs `inputs` of real numbers; int8 ones need the model they are for."
            )
        values: Array = trigger.apply(real[:limit].astype(np.float32))
        labels = arrays.get("labels")
        if labels is not None and (labels.shape != (len(real),) or labels.dtype.kind not in "iu"):
            raise VectorError(
                f"{inputs}: labels is {labels.dtype} {list(labels.shape)}, {len(real)} integers "
                "are needed."
            )
        labels = labels if labels is None else labels[:limit]
    else:
        graph = read_model(model)
        (integers,), labels, _ = read_inputs(inputs, graph, limit)
        values = trigger.apply_integer(integers, classifier_input(graph))
        labels = labels if labels is None else class_labels(labels, str(inputs))
    made: dict[str, Array] = {"inputs": values, "triggered": np.ones(len(values), np.bool_)}
    return made if labels is None else made | {"labels": labels.astype(np.int64)}
