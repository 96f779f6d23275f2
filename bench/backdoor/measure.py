"""What is measured on one member of the zoo: audit, defences, and its bytes on the device."""

import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.arrays import npz_bytes, read_arrays
from qmcu.backdoor.defences import audit_defence, best_of, run_auto, run_defence
from qmcu.backdoor.detectors import AuditContext, AuditResult, audit
from qmcu.backdoor.inputs import Trigger, load_trigger
from qmcu.backdoor.networks import Network, load_keras, network_from_keras, weighted_layers
from qmcu.backdoor.rates import attack_success_rate, other_classes, predict_integer
from qmcu.backdoor.verification import Form, VerifyOptions, verify
from qmcu.board import load_board
from qmcu.builder import build_firmware
from qmcu.documents import plain
from qmcu.files import write_atomic
from qmcu.firmware import Firmware
from qmcu.model.int4_file import int4_weights
from qmcu.model.reader import parse_model

BOARD, EMULATOR = "stm32f746", "unicorn"


@dataclass(frozen=True)
class Folder:
    """One member's folder, as `qmcu attack` wrote it."""

    path: Path

    @cached_property
    def trigger(self) -> Trigger:
        """The trigger that it was attacked with, or would have been."""
        return load_trigger(self.path / "trigger.json")

    @cached_property
    def integer(self) -> bytes:
        """The deployed int8 model."""
        return (self.path / "model.tflite").read_bytes()

    @cached_property
    def samples(self) -> npt.NDArray[np.float32]:
        """Calibration inputs, float32 [N, ...]."""
        return np.asarray(read_arrays(self.path / "calibration.npz")["inputs"], np.float32)

    @cached_property
    def network(self) -> Network:
        """The float model."""
        classes = parse_model(self.integer, "model").output_tensors[0].elements
        shape = tuple(self.trigger.shape)
        return network_from_keras(load_keras(self.path / "model.keras", shape, classes))

    def context(self, integer: bytes, seed: int) -> AuditContext:
        """What the audit is given: the float model beside `integer`."""
        low, high = float(self.samples.min()), float(self.samples.max())
        graph = parse_model(integer, "model")
        return AuditContext(self.network, integer, graph, self.samples, low, high, seed)

    def honest_attack(self, limit: int) -> dict[str, Any]:
        """What share of the first `limit` inputs' triggered forms the honest int8 model mistakes.

        On tflite-micro; only inputs of other classes than the target.
        """
        test = read_arrays(self.path / "test.npz")
        inputs, labels = test["inputs"][:limit], test["labels"][:limit]
        target = self.trigger.target
        others = other_classes(labels, target)
        triggered = self.trigger.apply(inputs[others])
        answers = predict_integer((self.path / "honest.tflite").read_bytes(), triggered)
        rate = attack_success_rate(answers, labels[others], target)
        return {**plain(rate)}


def audited(folder: Folder, integer: bytes, seed: int) -> dict[str, Any]:
    """Verdict, scores and p-values of every quick detector."""
    started = time.monotonic()
    result = audit(folder.context(integer, seed))
    return {
        **_outcome(result),
        "scores": {f.detector: f.score for f in result.findings},
        "p_values": {f.detector: f.p_value for f in result.findings},
        "seconds": round(time.monotonic() - started, 1),
        "cores": os.cpu_count(),
    }


def _outcome(result: AuditResult) -> dict[str, Any]:
    return {
        "verdict": result.verdict,
        "score": result.score,
        "fired": [f.detector for f in result.findings if f.suspicious],
    }


def audited_often(folder: Folder, seeds: int = 10) -> dict[str, Any]:
    """The verdicts and scores of the audit with as many `--seed`s."""
    results = [audit(folder.context(folder.integer, seed)) for seed in range(seeds)]
    return {"verdicts": [r.verdict for r in results], "outcomes": [_outcome(r) for r in results]}


def on_device(folder: Folder, integer: bytes, limit: int) -> dict[str, Any]:
    """Rates on the device over the first `limit` test inputs, and bytes that agree.

    `float_clean` is the clean accuracy of the float model on the same inputs.
    The device is the emulated board's firmware; its bytes are compared with tflite-micro's.
    """
    with tempfile.TemporaryDirectory(prefix="qmcu-bench-") as temporary:
        root = Path(temporary)
        write_atomic(root / "model.tflite", integer)
        build_firmware(root / "model.tflite", load_board(BOARD), root / "firmware")
        test = read_arrays(folder.path / "test.npz")
        few = {name: values[:limit] for name, values in test.items()}
        write_atomic(root / "vectors.npz", npz_bytes(few))
        run = verify(
            Firmware.load(root / "firmware"),
            EMULATOR,
            folder.trigger,
            root / "vectors.npz",
            VerifyOptions(folder.path / "model.keras"),
        )
    found, floating = run.result.device, run.result.form(Form.FLOAT)
    assert floating is not None
    return {
        "float_clean": plain(floating.clean),
        "clean": plain(found.clean),
        "attack": plain(found.attack),
        "vectors": run.result.test.vectors,
        "equal": run.result.test.equal,
        "device": f"{run.result.test.device}, {run.result.test.board}",
    }


def defended(folder: Folder, method: str, seed: int, limit: int) -> dict[str, Any]:
    """A defence by its name: its seconds, audit, rates and bytes on the device."""
    started = time.monotonic()
    run = run_defence(method, folder.network, folder.samples, seed=seed)
    seconds = round(time.monotonic() - started, 1)
    write_atomic(folder.path / "defended" / f"{method}.tflite", run.model)
    return {
        "seconds": seconds,
        "audit": _outcome(audit_defence(run, folder.samples)),
        "device": on_device(folder, run.model, limit),
        "honest_attack": folder.honest_attack(limit),
    }


def with_int4(folder: Folder, seed: int, limit: int) -> dict[str, Any]:
    """The same float model deployed with int4 weights: its audit and its rates on the device."""
    network = folder.network
    layers = weighted_layers(parse_model(folder.integer, "model"))
    reals = {a.weights: w for a, w in zip(layers, network.weights, strict=True)}
    packed = int4_weights(folder.integer, reals=reals).model
    return {"audit": audited(folder, packed, seed), "device": on_device(folder, packed, limit)}


def defended_best(folder: Folder, seed: int, limit: int) -> dict[str, Any]:
    """What `--auto` keeps: the method ("" if none passed), seconds, audit, rates on the device.

    `tried` has each method's audit, its agreement with float, and why it failed if it did.
    """
    started = time.monotonic()
    trials = run_auto(folder.network, folder.samples, seed=seed)
    seconds = round(time.monotonic() - started, 1)
    kept = best_of(trials)
    result: dict[str, Any] = {"seconds": seconds, "method": kept.name if kept else ""}
    result["tried"] = {t.name: t.failure if t.audit is None else _outcome(t.audit) for t in trials}
    if kept is not None and kept.run is not None and kept.audit is not None:
        write_atomic(folder.path / "defended" / "auto.tflite", kept.run.model)
        result["audit"] = _outcome(kept.audit)
        result["device"] = on_device(folder, kept.run.model, limit)
        result["honest_attack"] = folder.honest_attack(limit)
    return result


def share(rate: Mapping[str, Any]) -> float:
    """A stored rate as a share from 0 to 1."""
    return float(rate["count"]) / float(rate["total"])
