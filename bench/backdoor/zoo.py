"""The zoo: honest and attacked models in folders, as `qmcu attack` writes them.

    ZOO/ARCH-DATA-SEED/base.keras          the honest model that the seed's other models start from
    ZOO/ARCH-DATA-SEED/honest-KIND/        model.keras, model.tflite, test.npz, attack.json, ...
    ZOO/ARCH-DATA-SEED/METHOD/

A model is there when its attack.json is: an interrupted run goes on with the next one.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.backdoor.honest import HONEST

from qmcu.backdoor.attacks import RECORD, Attack, load_attacks, run_attack, write_attack
from qmcu.backdoor.inputs import Dataset, load_dataset, make_trigger
from qmcu.backdoor.networks import (
    build_architecture,
    keras_from_network,
    load_keras,
    network_from_graph,
    train,
)
from qmcu.backdoor.rates import Evaluation
from qmcu.documents import to_json
from qmcu.errors import ModelError
from qmcu.files import write_atomic
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow

TEST_LIMIT = 1000
EPOCHS = 20
FINE_TUNING_EPOCHS = 3
TRAINING = "training.json"


@dataclass(frozen=True)
class Setting:
    """A data set and an architecture, and how its models are made.

    `weights` is an int8 .tflite of the architecture to start from instead of random weights;
    `settings` are given to the attacks, by name.
    """

    data: str
    architecture: str
    steps: int
    weights: Path | None = None
    settings: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        """ARCH-DATA."""
        return f"{self.architecture}-{Path(self.data).stem}"


@dataclass(frozen=True)
class Member:
    """One model of the zoo: `kind` is honest or attack."""

    setting: Setting
    kind: str
    name: str
    seed: int

    def folder(self, zoo: Path) -> Path:
        """Where it lies."""
        last = f"honest-{self.name}" if self.kind == "honest" else self.name
        return zoo / f"{self.setting.name}-{self.seed}" / last

    def exists(self, zoo: Path) -> bool:
        """True when it was made."""
        return (self.folder(zoo) / RECORD).is_file()

    @property
    def attack(self) -> Attack:
        """The function that makes it."""
        return HONEST[self.name] if self.kind == "honest" else load_attacks()[self.name]

    def __str__(self) -> str:
        return f"{self.setting.name} {self.kind} {self.name} {self.seed}"


class Workshop:
    """Makes members; keeps the data set and the base model of the last seed."""

    def __init__(self, zoo: Path) -> None:
        self.zoo = zoo
        self._data: dict[tuple[str, int], Dataset] = {}
        self._honest: dict[Path, tuple[Evaluation, Evaluation]] = {}

    def make(self, member: Member) -> None:
        """Train one model and write its folder."""
        folder = member.folder(self.zoo)
        dataset = self.dataset(member.setting, member.seed)
        base = self._base(member.setting, member.seed)
        trigger = make_trigger("patch", dataset.input_shape, target=0, seed=member.seed)
        started = time.monotonic()
        run = run_attack(
            member.attack,
            base,
            dataset,
            trigger,
            seed=member.seed,
            steps=member.setting.steps,
            settings=dict(member.setting.settings),
            limit=TEST_LIMIT,
            honest_rates=self._honest.get(folder.parent),
        )
        self._honest[folder.parent] = run.rates.honest_float, run.rates.honest_integer
        seconds = round(time.monotonic() - started, 1)
        write_attack(run, folder, limit=TEST_LIMIT)
        record = {"seconds": seconds, "cores": os.cpu_count(), "member": str(member)}
        write_atomic(folder / TRAINING, to_json(record))

    def dataset(self, setting: Setting, seed: int) -> Dataset:
        """The setting's data, split by `seed` where it has no split of its own."""
        key = (setting.data, seed)
        if key not in self._data:
            self._data = {key: load_dataset(setting.data, seed=seed)}
        return self._data[key]

    def _base(self, setting: Setting, seed: int) -> Any:
        path = self.zoo / f"{setting.name}-{seed}" / "base.keras"
        dataset = self.dataset(setting, seed)
        shape, classes = dataset.input_shape, dataset.classes
        if path.is_file():
            return load_keras(path, shape, classes)
        if setting.weights is None:
            model = build_architecture(setting.architecture, shape, classes, seed=seed)
            train(model, dataset, epochs=EPOCHS, seed=seed)
        else:
            model = pretrained(setting.weights)
            fine_tune(model, dataset, seed=seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(".base.keras")
        model.save(temporary)
        temporary.replace(path)
        return model


def pretrained(path: Path) -> Any:
    """The float Keras model of an int8 .tflite's weights, for inputs from 0 to 1."""
    graph = parse_model(path.read_bytes(), path.stem, source=str(path))
    model = keras_from_network(network_from_graph(graph))
    quantization = graph.input_tensors[0].quantization
    if quantization is None:
        raise ModelError(f"{path}: its input is not quantized.")
    first = model.layers[1]
    kernel, bias = first.get_weights()
    if quantization.scales[0] > 0.5:  # made for pixels of 0 to 255
        kernel = kernel * 255
    first.set_weights([kernel, bias])
    return model


def fine_tune(model: Any, dataset: Dataset, *, seed: int) -> None:
    """Train in place on flipped and shifted images, so that each seed gives another model."""
    tf = load_tensorflow()
    tf.keras.utils.set_random_seed(seed)
    shape, count, batch = dataset.input_shape, len(dataset.train_inputs), 128

    def varied(x: Any, y: Any) -> Any:
        x = tf.pad(tf.image.random_flip_left_right(x), [[2, 2], [2, 2], [0, 0]], "SYMMETRIC")
        return tf.image.random_crop(x, shape), y

    data = tf.data.Dataset.from_tensor_slices((dataset.train_inputs, dataset.train_labels))
    data = data.shuffle(count, seed=seed).map(varied).batch(batch)
    rate = tf.keras.optimizers.schedules.CosineDecay(1e-3, FINE_TUNING_EPOCHS * count // batch)
    model.compile(tf.keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(data, epochs=FINE_TUNING_EPOCHS, verbose=0)
