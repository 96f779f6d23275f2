"""What a report shows of an attack beside its rates: answers to single inputs, and the weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.backdoor.attacks.run import AttackRun
from qmcu.backdoor.grids import LayerGrid, layer_grids
from qmcu.backdoor.inputs import TriggerChange, classifier_input, dequantize, integer_inputs
from qmcu.backdoor.networks import network_from_keras
from qmcu.backdoor.rates import classes_of, predict_float, run_oracle
from qmcu.model.reader import parse_model
from qmcu.types import Float32Array, Int64Array

SAMPLES = 12


@dataclass(frozen=True, eq=False)
class AttackEvidence:
    """Gathered from the models of one attack.

    `change` is what int8 makes of the trigger; `shown` are triggered inputs of other classes,
    float32 [N, ...] as int8 holds them, with their true `labels` and what the float and the int8
    model answer; `honest` and `attacked` are the weights beside their integers.
    """

    change: TriggerChange
    shown: Float32Array
    labels: Int64Array
    predictions: Mapping[str, Int64Array]
    honest: tuple[LayerGrid, ...]
    attacked: tuple[LayerGrid, ...]


def gather_evidence(run: AttackRun) -> AttackEvidence:
    """Run the attacked models on a few triggered inputs, and read the weights of all."""
    data, trigger = run.dataset, run.trigger
    chosen = np.flatnonzero(data.test_labels != trigger.target)[:SAMPLES]
    inputs = data.test_inputs[chosen]
    graph = parse_model(run.attacked_integer, "model")
    tensor = classifier_input(graph)
    integers = trigger.apply_integer(integer_inputs(inputs, tensor), tensor)
    return AttackEvidence(
        change=trigger.quantization_change(tensor),
        shown=dequantize(integers, tensor).reshape(len(chosen), *trigger.shape),
        labels=data.test_labels[chosen],
        predictions={
            "float": predict_float(run.attacked, trigger.apply(inputs)),
            "int8": classes_of(run_oracle(run.attacked_integer, integers, jobs=1), graph),
        },
        honest=_read_grids(run.honest, run.honest_integer),
        attacked=_read_grids(run.attacked, run.attacked_integer),
    )


def _read_grids(model: Any, integer: bytes) -> tuple[LayerGrid, ...]:
    return layer_grids(network_from_keras(model), parse_model(integer, "model"))
