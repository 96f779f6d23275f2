"""What is swept: a model and data, read and checked before anything long begins."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import qmcu
from qmcu.backdoor.defences import find_defence, load_samples
from qmcu.backdoor.inputs import Trigger
from qmcu.backdoor.networks import Network, open_keras, open_network
from qmcu.backdoor.rates import other_classes
from qmcu.board import Board
from qmcu.builder.toolchain import find_toolchain
from qmcu.device.targets import require_emulator
from qmcu.documents import plain
from qmcu.errors import VectorError
from qmcu.files import content_sha256
from qmcu.frontier.defended import Defended
from qmcu.frontier.freedom import Sensitivity, sensitivity
from qmcu.types import Float32Array, Int64Array

_CALIBRATION = 200


@dataclass(frozen=True, eq=False)
class Source:
    """What a sweep is loaded from: the arguments of `qmcu frontier`.

    Without `calibration`, rows of `data` (a quarter, at most 200) calibrate and the rest is
    measured, the first `limit` of it.
    """

    model: Path
    data: Path
    board: Board
    calibration: Path | None = None
    trigger: Trigger | None = None
    defence: str = ""
    target: str | None = None
    limit: int | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Sweep:
    """What is swept: float32 `inputs` [N, ...] with int64 `labels` [N], `samples` to calibrate.

    `files` are SHA-256 digests of what was read, by name.
    """

    source: Source
    name: str
    keras: Any
    network: Network
    samples: Float32Array
    inputs: Float32Array
    labels: Int64Array
    trigger: Trigger | None
    board: Board
    target: str
    defence: str
    seed: int
    files: Mapping[str, str]

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """What rounding can do to the answers, whatever the scheme."""
        return sensitivity(self.network, self.inputs)

    @cached_property
    def defended(self) -> Defended:
        """The defence on this network, for every scheme that can have it."""
        return Defended(self.defence, self.network, self.samples, self.seed)

    def fingerprint(self) -> str:
        """Two sweeps with the same one give the same points."""
        trigger = self.trigger.sha256 if self.trigger is not None else ""
        data = [qmcu.__version__, plain(self.board), self.target, self.seed, trigger,
                dict(self.files), len(self.samples), len(self.inputs)]  # fmt: skip
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def load_sweep(source: Source) -> Sweep:
    """Read and check everything before anything long begins.

    Raises ModelError, VectorError, UsageError, DeviceError for a target that the board lacks,
    ToolError for a missing program.
    """
    model, data, board, target = source.model, source.data, source.board, source.target
    calibration, trigger, defence = source.calibration, source.trigger, source.defence
    if defence:
        find_defence(defence)
    if target is None:
        target = board.emulators[0] if board.emulators else ""
    if target:
        require_emulator(board, target)
        find_toolchain()
    inputs, labels = load_samples(data)
    if labels is None:
        raise VectorError(f"{data} has no labels; accuracy needs the true class of every input.")
    if labels.shape != inputs.shape[:1] or len(inputs) < 4:
        raise VectorError(
            f"{data} has {len(inputs)} inputs and labels of shape {list(labels.shape)}; at least "
            "four inputs with one label each are needed."
        )
    keras = open_keras(model)
    network = open_network(model)
    if inputs.shape[1:] != network.input_shape:
        raise VectorError(
            f"{data}: the model takes inputs of {list(network.input_shape)} and these are "
            f"{list(inputs.shape[1:])}."
        )
    if calibration is not None:
        samples, _ = load_samples(calibration)
    else:
        count = min(_CALIBRATION, len(inputs) // 4)
        samples, inputs, labels = inputs[:count], inputs[count:], labels[count:]
    if samples.shape[1:] != network.input_shape:
        raise VectorError(
            f"{calibration}: the model takes inputs of {list(network.input_shape)} and these are "
            f"{list(samples.shape[1:])}."
        )
    inputs, labels = inputs[: source.limit], labels[: source.limit]
    _check_labels(data, labels, network, trigger)
    paths = {"model": model, "data": data, "calibration": calibration or data}
    files = {name: content_sha256(path) for name, path in paths.items()}
    return Sweep(source, model.stem, keras, network, samples, inputs, labels, trigger, board,
                 target, defence, source.seed, files)  # fmt: skip


def _check_labels(
    data: Path, labels: Int64Array, network: Network, trigger: Trigger | None
) -> None:
    classes = network.graph.output_tensors[0].elements
    if labels.min() < 0 or labels.max() >= classes:
        raise VectorError(
            f"{data} has labels from {labels.min()} to {labels.max()} and the model {classes} "
            "classes."
        )
    if trigger is None:
        return
    if tuple(trigger.shape) != network.input_shape:
        raise VectorError(
            f"trigger {trigger.name} is for inputs of {list(trigger.shape)} and the model takes "
            f"{list(network.input_shape)}."
        )
    other_classes(labels, trigger.target)
