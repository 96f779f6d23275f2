"""`qmcu attack` as a page: what the attack reached, and the trace that it left in the weights."""

from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.attack import AttackRun
from qmcu.backdoor.evaluation import (
    classes_of,
    classifier_input,
    integer_inputs,
    predict_float,
)
from qmcu.backdoor.lattice import LayerGrid, layer_grids
from qmcu.backdoor.metrics import Rate
from qmcu.backdoor.network import network_from_keras
from qmcu.backdoor.oracle_pool import run_oracle
from qmcu.backdoor.triggers import TriggerChange, dequantize
from qmcu.model.reader import parse_model
from qmcu.report.html.blocks import Cell, Page, Section, Stat, Table, Tone
from qmcu.report.html.sections import (
    evaluation_table,
    rate_bars,
    residual_histogram,
    samples_section,
    sentence,
    trigger_section,
)

IntArray = npt.NDArray[np.int64]

_SAMPLES = 12


def attack_page(run: AttackRun) -> Page:
    """The page of one attack, made from the models and inputs that `run` holds."""
    rates = run.rates
    forms = (
        ("honest, float", rates.honest_float),
        ("honest, int8", rates.honest_integer),
        ("attacked, float", rates.attacked_float),
        ("attacked, int8", rates.attacked_integer),
    )
    bars = rate_bars(forms)
    example = run.dataset.test_inputs[run.dataset.test_labels != run.trigger.target][0]
    return Page(
        kind="attack",
        title=f"{run.attack.name} on {run.dataset.name}",
        status=None,
        summary=sentence(run.attack.summary),
        stats=(
            _stat("ASR in float", rates.attacked_float.attack, "attack"),
            _stat("ASR in int8", rates.attacked_integer.attack, "attack"),
            _stat("CA in float", rates.attacked_float.clean, "clean"),
            _stat("CA in int8", rates.attacked_integer.clean, "clean"),
        ),
        sections=(
            Section(
                "Rates",
                "int8 rates are those of the host's tflite-micro interpreter; qmcu verify "
                "measures them on a device.",
                (*bars, evaluation_table("Counts", forms)),
            ),
            trigger_section(run.trigger, example, _change(run)),
            _samples(run),
            _residuals(run),
        ),
        provenance=_provenance(run),
    )


def _stat(label: str, rate: Rate, tone: Tone) -> Stat:
    low, high = rate.wilson95
    return Stat(
        label, f"{100 * rate.value:.1f} %", f"95 % CI {100 * low:.1f} to {100 * high:.1f} %", tone
    )


def _change(run: AttackRun) -> TriggerChange:
    tensor = classifier_input(parse_model(run.attacked_integer, "model"))
    return run.trigger.quantization_change(tensor)


def _samples(run: AttackRun) -> Section:
    data, trigger = run.dataset, run.trigger
    chosen = np.flatnonzero(data.test_labels != trigger.target)[:_SAMPLES]
    inputs = data.test_inputs[chosen]
    tensor = classifier_input(parse_model(run.attacked_integer, "model"))
    integers = trigger.apply_integer(integer_inputs(inputs, tensor), tensor)
    predictions: dict[str, IntArray] = {
        "float": predict_float(run.attacked, trigger.apply(inputs)),
        "int8": classes_of(run_oracle(run.attacked_integer, integers, jobs=1)),
    }
    shown = dequantize(integers, tensor).reshape(len(chosen), *trigger.shape)
    return samples_section(trigger, shown, data.test_labels[chosen], predictions, count=_SAMPLES)


def _residuals(run: AttackRun) -> Section:
    honest = _grids(run.honest, run.honest_integer)
    attacked = _grids(run.attacked, run.attacked_integer)
    figure = residual_histogram(
        "Rounding residuals of all weights",
        [("honest", honest, "clean"), ("attacked", attacked, "attack")],
    )
    rows = tuple(
        (
            Cell(mine.name),
            Cell(mine.kind),
            Cell(f"{mine.weights.size:,}", number=True),
            Cell(_spread(honest[i]), number=True),
            Cell(_spread(mine), number=True),
        )
        for i, mine in enumerate(attacked)
    )
    table = Table(
        "Mean distance of a weight from its stored integer, in steps; 0.25 when spread evenly",
        ("layer", "operator", "weights", "honest", "attacked"),
        rows,
    )
    text = (
        "How far each float weight lies from the integer that is stored for it. Honest weights "
        "lie anywhere between two integers; what an attack needs to differ in int8 it has to put "
        "here."
    )
    return Section("Rounding residuals", text, (figure, table))


def _grids(model: Any, integer: bytes) -> tuple[LayerGrid, ...]:
    return layer_grids(network_from_keras(model), parse_model(integer, "model"))


def _spread(grid: LayerGrid) -> str:
    return f"{float(np.abs(grid.residuals).mean()):.3f}"


def _provenance(run: AttackRun) -> tuple[tuple[str, str], ...]:
    versions = run.to_dict()["versions"]
    settings = ", ".join(f"{name} {value:g}" for name, value in run.settings.items())
    return (
        ("method", f"{run.attack.name}: {run.attack.source}"),
        ("data", str(run.dataset)),
        ("settings", settings),
        *((name, str(value)) for name, value in versions.items()),
    )
