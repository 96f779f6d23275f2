"""`qmcu attack` as a page: what the attack reached, and the trace that it left in the weights."""

from typing import Any

import numpy as np

from qmcu.backdoor.attacks import AttackRun
from qmcu.backdoor.grids import LayerGrid, layer_grids
from qmcu.backdoor.inputs import TriggerChange, classifier_input, dequantize, integer_inputs
from qmcu.backdoor.networks import network_from_keras
from qmcu.backdoor.rates import Rate, classes_of, predict_float, run_oracle
from qmcu.model.reader import parse_model
from qmcu.report.html.blocks import Page, Section, Stat, Tone
from qmcu.report.html.sections import (
    evaluation_table,
    rate_bars,
    residual_section,
    samples_section,
    sentence,
    trigger_section,
)
from qmcu.types import Int64Array

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
            residual_section(
                _grids(run.honest, run.honest_integer), _grids(run.attacked, run.attacked_integer)
            ),
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
    predictions: dict[str, Int64Array] = {
        "float": predict_float(run.attacked, trigger.apply(inputs)),
        "int8": classes_of(run_oracle(run.attacked_integer, integers, jobs=1)),
    }
    shown = dequantize(integers, tensor).reshape(len(chosen), *trigger.shape)
    return samples_section(trigger, shown, data.test_labels[chosen], predictions, count=_SAMPLES)


def _grids(model: Any, integer: bytes) -> tuple[LayerGrid, ...]:
    return layer_grids(network_from_keras(model), parse_model(integer, "model"))


def _provenance(run: AttackRun) -> tuple[tuple[str, str], ...]:
    versions = run.to_dict()["versions"]
    settings = ", ".join(f"{name} {value:g}" for name, value in run.settings.items())
    return (
        ("method", f"{run.attack.name}: {run.attack.source}"),
        ("data", str(run.dataset)),
        ("settings", settings),
        *((name, str(value)) for name, value in versions.items()),
    )
