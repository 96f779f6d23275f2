"""Running an attack end to end: honest model in, attacked model, its int8 form and rates out."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import qmcu
from qmcu.backdoor.attacks.method import Attack, AttackContext, AttackResult, find_attack
from qmcu.backdoor.grids import layer_grids, write_constants
from qmcu.backdoor.inputs import Dataset, Trigger
from qmcu.backdoor.networks import Network, convert_network, keras_from_network, network_from_keras
from qmcu.backdoor.rates import Evaluation, evaluate_float, evaluate_integer
from qmcu.errors import UsageError
from qmcu.model.convert import Conversion
from qmcu.model.oracle import oracle_version
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Count, Progress

CALIBRATION_INPUTS = 200


@dataclass(frozen=True)
class Rates:
    """What was measured: honest and attacked model, each in float and in int8 on the oracle."""

    honest_float: Evaluation
    honest_integer: Evaluation
    attacked_float: Evaluation
    attacked_integer: Evaluation


@dataclass(frozen=True)
class AttackRecord:
    """What is told of an attack that ran: the contents of attack.json."""

    __schema__ = "attack-1"

    method: str
    source: str
    adaptive: str
    dataset: str
    trigger: str
    target: Count
    settings: Mapping[str, Any]
    rates: Rates
    loss: tuple[float, ...]
    versions: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class AttackRun:
    """An attack that ran: Keras models, .tflite bytes, the trigger and the rates."""

    attack: Attack
    dataset: Dataset
    trigger: Trigger
    honest: Any
    honest_integer: bytes
    attacked: Any
    attacked_integer: bytes
    rates: Rates
    settings: Mapping[str, Any]
    converter: str
    losses: tuple[float, ...]

    @property
    def versions(self) -> Mapping[str, str]:
        """What made it, by name."""
        return {
            "qmcu": qmcu.__version__,
            "converter": self.converter,
            "int8 arithmetic": oracle_version(),
            "python": platform.python_version(),
        }

    @property
    def record(self) -> AttackRecord:
        """What is written of it; the loss is thinned to about 50 values."""
        return AttackRecord(
            method=self.attack.name,
            source=self.attack.source,
            adaptive=self.attack.adaptive,
            dataset=str(self.dataset),
            trigger=str(self.trigger),
            target=self.trigger.target,
            settings=dict(self.settings),
            rates=self.rates,
            loss=tuple(round(v, 5) for v in self.losses[:: max(1, len(self.losses) // 50)]),
            versions=self.versions,
        )


def run_attack(
    method: str | Attack,
    honest: Any,
    dataset: Dataset,
    trigger: Trigger,
    *,
    seed: int = 0,
    steps: int = 1500,
    settings: Mapping[str, float] | None = None,
    limit: int | None = None,
    honest_rates: tuple[Evaluation, Evaluation] | None = None,
    progress: Progress | None = None,
) -> AttackRun:
    """Attack the trained Keras classifier `honest`; `limit` bounds the test inputs measured.

    `method` is the name of a registered attack, or one that is not (a control, an experiment).
    `honest_rates` are the honest model's in float and in int8 with this trigger, where an earlier
    run measured them.
    The same seed on the same machine gives the same model. Raises UsageError for an unknown
    method, ModelError for a network that the lab cannot run.
    """
    attack = find_attack(method) if isinstance(method, str) else method
    if trigger.shape != dataset.input_shape:
        raise UsageError(
            f"trigger {trigger.name} is for inputs of {list(trigger.shape)} and {dataset.name} "
            f"has {list(dataset.input_shape)}."
        )
    load_tensorflow().config.experimental.enable_op_determinism()
    samples = dataset.train_inputs[:CALIBRATION_INPUTS]
    network = network_from_keras(honest, dataset.name)
    context = AttackContext(
        network, dataset, trigger, samples, seed, steps, settings=settings or {}, progress=progress
    )
    result = attack.run(context)
    if result.trigger is not None and result.trigger.sha256 != trigger.sha256:
        trigger, honest_rates = result.trigger, None
    plain = convert_network(network, samples)
    conversion = convert_network(result.network, samples)
    model = _deploy(result, conversion)
    attacked = keras_from_network(result.network)
    rates = Rates(
        *(
            honest_rates
            or (
                evaluate_float(honest, dataset, trigger, limit=limit),
                evaluate_integer(plain.model, dataset, trigger, limit=limit),
            )
        ),
        evaluate_float(attacked, dataset, trigger, limit=limit),
        evaluate_integer(model, dataset, trigger, limit=limit),
    )
    return AttackRun(
        attack=attack,
        dataset=dataset,
        trigger=trigger,
        honest=honest,
        honest_integer=plain.model,
        attacked=attacked,
        attacked_integer=model,
        rates=rates,
        settings={
            "seed": seed,
            "steps": steps,
            "batch": int(attack.settings.get("batch", context.batch)),
            **(settings or {}),
        },
        converter=conversion.converter,
        losses=result.losses,
    )


def _deploy(result: AttackResult, conversion: Conversion) -> bytes:
    """The int8 model: as any standard quantizer makes it, or with the hostile one's integers."""
    if result.integers is None:
        return conversion.model
    network: Network = result.network
    chosen = {
        grid.tensor: integers
        for grid, integers in zip(
            layer_grids(network, conversion.graph), result.integers, strict=True
        )
    }
    return write_constants(conversion.model, chosen)
