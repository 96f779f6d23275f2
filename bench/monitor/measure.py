"""One attacked model: limits learned, firmware built, clean and triggered inputs on the device."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench.backdoor.intervals import auroc
from bench.monitor.perturbed import Perturbed, perturb

from qmcu import documents
from qmcu.arrays import read_arrays
from qmcu.backdoor.inputs import load_dataset, load_trigger
from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.codegen.monitor_limits import STATISTICS, MonitorLimits
from qmcu.device.session import Session
from qmcu.device.targets import open_session
from qmcu.device.unicorn import UnicornLink
from qmcu.firmware import Firmware
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.model.vectors import quantize
from qmcu.monitor import fit_monitor
from qmcu.monitor.readings import read_counters
from qmcu.types import Array, Int64Array


@dataclass(frozen=True)
class Measured:
    """Of one model: shares of inputs that raise an alarm, AUROCs, instructions and bytes."""

    name: str
    clean: int
    false_alarms: float
    triggered: int
    success: float
    found: float
    found_by: tuple[float, ...]
    aurocs: tuple[float, ...]
    combined: float
    instructions: int
    more_instructions: int
    more_flash: int
    more_ram: int
    perturbed: Perturbed | None


def measure(folder: Path, work: Path, board: str = "stm32f746", blends: int = 0) -> Measured:
    """Measure the attacked model in `folder`, as `qmcu attack --data digits` writes it.

    Ranges and centres are of the training inputs, limits of half the test inputs; the other half
    is inferred, without and with the trigger. With `blends` each input is also blended with so
    many training inputs, as STRIP does.
    """
    content = (folder / "model.tflite").read_bytes()
    graph = parse_model(content, folder.name)
    dataset, trigger = load_dataset("digits"), load_trigger(folder / "trigger.json")
    test = read_arrays(folder / "test.npz")
    real, labels = test["inputs"], test["labels"]
    half = len(real) // 2
    limits = fit_monitor(
        graph, content, [_integers(graph, dataset.train_inputs)],
        [_integers(graph, real[:half])],
    )  # fmt: skip
    path = work / f"{folder.name}.json"
    path.write_text(documents.to_json(limits))
    firmwares = []
    for name, monitor in (("plain", None), ("monitored", path)):
        directory = work / f"{folder.name}-{name}"
        options = BuildOptions(monitor=monitor)
        build_firmware(folder / "model.tflite", load_board(board), directory, options)
        firmwares.append(Firmware.load(directory))
    clean = _integers(graph, real[half:])
    others = labels[half:] != trigger.target
    triggered = _integers(graph, trigger.apply(real[half:][others]))
    with open_session("unicorn", firmwares[1]) as session:
        usual, _, alarmed, _ = _seen(session, clean)
        odd, classes, raised, raised_by = _seen(session, triggered)
        perturbed = None
        if blends:
            overlays = _integers(graph, dataset.train_inputs[:blends])
            held_out = _integers(graph, real[:half])
            perturbed = perturb(session, graph, overlays, held_out, clean, triggered)
    counts = [_instructions(firmware, clean[0]) for firmware in firmwares]
    sizes = [[f.memory.used(kind) for kind in ("flash", "RAM")] for f in firmwares]
    return Measured(
        name=folder.name,
        clean=len(clean),
        false_alarms=float(alarmed.mean()),
        triggered=len(triggered),
        success=float((classes == trigger.target).mean()),
        found=float(raised.mean()),
        found_by=tuple(map(float, raised_by.mean(0))),
        aurocs=tuple(auroc(list(usual[:, i]), list(odd[:, i])) for i in range(len(STATISTICS))),
        combined=auroc(list(_excess(limits, usual, usual)), list(_excess(limits, usual, odd))),
        instructions=counts[0],
        more_instructions=counts[1] - counts[0],
        more_flash=sizes[1][0] - sizes[0][0],
        more_ram=sizes[1][1] - sizes[0][1],
        perturbed=perturbed,
    )


def _integers(graph: Graph, real: Array) -> Array:
    tensor = graph.input_tensors[0]
    return quantize(real.astype(np.float32), tensor).reshape(len(real), *tensor.shape)


def _seen(session: Session, inputs: Array) -> tuple[Int64Array, Int64Array, Array, Array]:
    """Of each inference, as the device counted: statistics, class, any alarm, by statistic."""
    rows, classes, alarms = [], [], []
    for row in inputs:
        session.infer([row])
        reading = read_counters(session, reset=True)
        rows.append([s.last for s in reading.statistics])
        classes.append(reading.last_class)
        alarms.append([name in reading.last_alarms for name in STATISTICS])
    raised = np.array(alarms)
    return np.array(rows), np.array(classes), np.array(raised.any(1)), raised


def _excess(limits: MonitorLimits, usual: Int64Array, seen: Int64Array) -> Array:
    """How far the worst statistic is, in steps from the usual median to its limit."""
    middle = np.median(usual, axis=0)
    step = np.maximum(np.array(limits.limits) - middle, 1)
    return np.asarray(((seen - middle) / step).max(1))


def _instructions(firmware: Firmware, row: Array) -> int:
    with open_session("unicorn", firmware) as session:
        link = session.link
        assert isinstance(link, UnicornLink)
        link.counting(True)
        session.infer([row])
        before = link.counter.instructions
        session.infer([row])
        return link.counter.instructions - before
