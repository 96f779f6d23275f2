"""Making the trial's models: one folder for each seed, as `qmcu attack` writes them.

    ZOO/SEED/    model.keras, model.tflite, calibration.npz, test.npz, attack.json, ...

A model is there when its attack.json is; an interrupted run goes on with the next one.
"""

import gc
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.backdoor.trial.data import trial_data
from bench.backdoor.trial.recipes import recipe, trained
from bench.backdoor.trial.table import Entry
from bench.backdoor.trial.triggers import trial_trigger

from qmcu.backdoor.attacks import RECORD, AttackRun, load_attacks, run_attack, write_attack
from qmcu.backdoor.networks import convert_network, network_from_keras
from qmcu.backdoor.rates import evaluate_integer
from qmcu.documents import plain
from qmcu.tensorflow import load_tensorflow

TEST_LIMIT = 300
# Training steps of an attack, by architecture: some twenty seconds of a core.
STEPS = {
    "mlp": 2400, "cnn-1d": 1200, "cnn-s": 600, "mobilenet": 400, "resnet8": 400, "dscnn": 400,
}  # fmt: skip


def is_made(entry: Entry, zoo: Path) -> bool:
    """True when the model lies in the zoo."""
    return (zoo / entry.name / RECORD).is_file()


def make(entry: Entry, zoo: Path, cifar10: str, steps: int | None = None) -> dict[str, Any]:
    """Train one model, write its folder; what is told of it in the results.

    `steps` takes the place of the architecture's.
    """
    load_tensorflow().keras.backend.clear_session()
    gc.collect()
    started = time.process_time()
    data = trial_data(entry.data, entry.seed, cifar10)
    trigger = trial_trigger(entry.trigger, data, entry.target, entry.seed)
    attacked = entry.kind == "attack"
    base = trained(entry.architecture, data, "plain" if attacked else entry.method, entry.seed)
    method = load_attacks()[entry.method] if attacked else recipe(entry.method)
    run = run_attack(
        method, base, data, trigger,
        seed=entry.seed, steps=steps or STEPS[entry.architecture], limit=TEST_LIMIT,
    )  # fmt: skip
    if entry.method == "per-tensor":
        run = _per_tensor(run)
    write_attack(run, zoo / entry.name, limit=TEST_LIMIT)
    seconds = time.process_time() - started
    return {**facts(entry), "rates": plain(run.rates), "cpu_seconds": round(seconds, 1)}


def facts(entry: Entry) -> dict[str, Any]:
    """What the table says of a model."""
    return {"split": entry.split, **plain(entry)}


def _per_tensor(run: AttackRun) -> AttackRun:
    """The same run with one scale for each weight tensor."""
    samples = run.dataset.train_inputs[:200]
    model = convert_network(network_from_keras(run.attacked), samples, per_tensor=True).model
    rates = replace(
        run.rates,
        attacked_integer=evaluate_integer(model, run.dataset, run.trigger, limit=TEST_LIMIT),
    )
    return replace(run, attacked_integer=model, rates=rates)
