"""An attack as a folder: what `qmcu attack` leaves, and reading it again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qmcu import documents
from qmcu.arrays import npz_bytes, read_arrays
from qmcu.backdoor.attacks.run import CALIBRATION_INPUTS, AttackRecord, AttackRun
from qmcu.backdoor.grids import LayerGrid, layer_grids
from qmcu.backdoor.inputs import Trigger, load_trigger
from qmcu.backdoor.networks import load_keras, network_from_keras
from qmcu.errors import VectorError
from qmcu.files import replace_directory, write_atomic
from qmcu.model.reader import read_model
from qmcu.types import Float32Array, Int64Array

RECORD = "attack.json"


@dataclass(frozen=True, eq=False)
class AttackFolder:
    """What `qmcu attack` left: its record, the trigger, test inputs float32 [N, ...], residuals.

    `honest` and `attacked` are the float weights of both models beside their stored integers.
    """

    record: AttackRecord
    trigger: Trigger
    inputs: Float32Array
    labels: Int64Array
    honest: tuple[LayerGrid, ...]
    attacked: tuple[LayerGrid, ...]


def write_attack(run: AttackRun, directory: Path, *, limit: int | None = None) -> None:
    """Write everything that an auditor, a defender or a device needs into `directory`.

    model.keras, model.tflite, honest.keras, honest.tflite, trigger.json and .npz,
    calibration.npz (what the victim quantizes with), test.npz (inputs and labels) and
    attack.json. Raises UsageError when it cannot be written.
    """
    data = run.dataset
    with replace_directory(directory, RECORD) as folder:
        run.attacked.save(folder / "model.keras")
        run.honest.save(folder / "honest.keras")
        write_atomic(folder / "model.tflite", run.attacked_integer)
        write_atomic(folder / "honest.tflite", run.honest_integer)
        run.trigger.save(folder / "trigger.json")
        samples = data.train_inputs[:CALIBRATION_INPUTS]
        write_atomic(folder / "calibration.npz", npz_bytes({"inputs": samples}))
        test: dict[str, np.ndarray[Any, Any]] = {
            "inputs": data.test_inputs[:limit],
            "labels": data.test_labels[:limit].astype(np.int64),
        }
        write_atomic(folder / "test.npz", npz_bytes(test))
        write_atomic(folder / RECORD, documents.to_json(run.record))


def load_attack(directory: Path) -> AttackFolder:
    """Read the output directory of `qmcu attack`. Raises UsageError or another QmcuError."""
    record = documents.load(
        directory / RECORD, AttackRecord, "record of an attack", made_by="qmcu attack"
    )
    trigger = load_trigger(directory / "trigger.json")
    inputs, labels = _test_inputs(directory / "test.npz", trigger)
    return AttackFolder(
        record=record,
        trigger=trigger,
        inputs=inputs,
        labels=labels,
        honest=_read_grids(directory, "honest", trigger),
        attacked=_read_grids(directory, "model", trigger),
    )


def _test_inputs(path: Path, trigger: Trigger) -> tuple[Float32Array, Int64Array]:
    arrays = read_arrays(path)
    inputs, labels = arrays.get("inputs"), arrays.get("labels")
    if (
        inputs is None
        or labels is None
        or inputs.shape[1:] != trigger.shape
        or labels.shape != inputs.shape[:1]
        or not (labels != trigger.target).any()
    ):
        raise VectorError(
            f"{path} needs inputs of {list(trigger.shape)}, a label for each, and some that are "
            f"not of the target class {trigger.target}."
        )
    return inputs.astype(np.float32), labels.astype(np.int64)


def _read_grids(directory: Path, name: str, trigger: Trigger) -> tuple[LayerGrid, ...]:
    graph = read_model(directory / f"{name}.tflite")
    classes = graph.output_tensors[0].elements
    model = load_keras(directory / f"{name}.keras", trigger.shape, classes)
    return layer_grids(network_from_keras(model), graph)
