"""The matrix: `python -m bench.backdoor`. Interrupt it and run it again: what is done is kept.

Trains honest and attacked models on a data set, audits each, defends the attacked ones, and writes
results.json and docs/BACKDOORS.md. `--quick` does a small part, without writing the document.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.backdoor.document import DOCUMENT, RESULTS, document
from bench.backdoor.honest import HONEST, trained
from rich.console import Console
from rich.progress import Progress

from qmcu.backdoor.attack import CALIBRATION_INPUTS, run_attack
from qmcu.backdoor.attacks import load_attacks
from qmcu.backdoor.audit import audit
from qmcu.backdoor.datasets import Dataset, load_dataset
from qmcu.backdoor.detectors import AuditContext
from qmcu.backdoor.evaluation import Evaluation, evaluate_float, evaluate_integer
from qmcu.backdoor.keras_model import converted, keras_from_network
from qmcu.backdoor.network import Network, network_from_keras
from qmcu.backdoor.trigger_kinds import make_trigger
from qmcu.backdoor.triggers import Trigger
from qmcu.files import write_atomic
from qmcu.model.convert import load_tensorflow
from qmcu.model.reader import parse_model

HONEST_SEEDS = {"plain": 10, "clipped": 5, "pruned": 5, "decayed": 5, "quantization-aware": 5}
ATTACK_SEEDS = 4
STEPS = 1500


def main() -> int:
    """Fill in what is missing of the matrix."""
    parser = argparse.ArgumentParser(prog="python -m bench.backdoor", description=__doc__)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--arch", default="cnn-s")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    load_tensorflow().config.experimental.enable_op_determinism()
    done: dict[str, Any] = {}
    if arguments.results.is_file():
        done = json.loads(arguments.results.read_text())["models"]
    work = list(_work(arguments.quick))
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("models", total=len(work))
        for kind, name, seed in work:
            key = f"{arguments.data} {arguments.arch} {kind} {name} {seed}"
            if key not in done:
                steps = 150 if arguments.quick else STEPS
                done[key] = _one(kind, name, seed, arguments.data, arguments.arch, steps)
                write_atomic(arguments.results, json.dumps({"models": done}, indent=1) + "\n")
            bar.advance(task)
    if not arguments.quick:
        write_atomic(DOCUMENT, document(done))
    return 0


def _work(quick: bool) -> Iterator[tuple[str, str, int]]:
    for name, seeds in HONEST_SEEDS.items():
        yield from (("honest", name, seed) for seed in range(1 if quick else seeds))
    methods = ("lattice", "adaptive-uniform") if quick else tuple(load_attacks())
    for name in methods:
        yield from (("attack", name, seed) for seed in range(1 if quick else ATTACK_SEEDS))


def _one(kind: str, name: str, seed: int, data: str, architecture: str, steps: int) -> Any:
    dataset = load_dataset(data, seed=seed)
    trigger = make_trigger("patch", dataset.input_shape, target=0, seed=seed)
    started = time.monotonic()
    if kind == "honest":
        network = HONEST[name](dataset, architecture, seed)
        integer = converted(network, dataset.train_inputs[:CALIBRATION_INPUTS]).model
        rates = _rates(network, integer, dataset, trigger)
    else:
        run = run_attack(name, trained(dataset, architecture, seed), dataset, trigger, seed=seed,
                         steps=steps)  # fmt: skip
        network, integer = network_from_keras(run.attacked), run.attacked_integer
        rates = run.rates.to_dict()
    trained_in = time.monotonic() - started
    started = time.monotonic()
    result = audit(_context(network, integer, dataset, seed))
    return {
        "kind": kind,
        "name": name,
        "seed": seed,
        "rates": rates,
        "verdict": result.verdict,
        "scores": {f.detector: f.score for f in result.findings},
        "fired": [f.detector for f in result.findings if f.suspicious],
        "train_seconds": round(trained_in, 1),
        "audit_seconds": round(time.monotonic() - started, 1),
        "cores": os.cpu_count(),
    }


def _rates(network: Network, integer: bytes, dataset: Dataset, trigger: Trigger) -> dict[str, Any]:
    found: dict[str, Evaluation] = {
        "attacked_float": evaluate_float(keras_from_network(network), dataset, trigger),
        "attacked_integer": evaluate_integer(integer, dataset, trigger),
    }
    return {name: value.to_dict() for name, value in found.items()}


def _context(network: Network, integer: bytes, dataset: Dataset, seed: int) -> AuditContext:
    samples = dataset.train_inputs[:CALIBRATION_INPUTS]
    graph = parse_model(integer, "model")
    return AuditContext(network, integer, graph, samples, dataset.low, dataset.high, seed)


if __name__ == "__main__":
    sys.exit(main())
