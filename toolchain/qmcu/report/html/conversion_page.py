"""What a conversion cost as a page: accuracy, signal and noise layer by layer, what to try."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from qmcu.conversion.compare import LOW_DB, Comparison, LayerLoss
from qmcu.model.convert import Conversion
from qmcu.model.onnx.proof import OnnxProof
from qmcu.model.scoring import Rule
from qmcu.report.html.blocks import (
    Block,
    Cell,
    Curve,
    Lines,
    Page,
    Section,
    Stat,
    Status,
    Table,
    Text,
)

# Layers without noise, as moves are, are drawn here: eight bits have no more.
_MOST_DB = 60.0
_BIT_DB = 6.02


def conversion_page(
    source: Path,
    conversion: Conversion,
    found: Comparison | None = None,
    proof: OnnxProof | None = None,
) -> Page:
    """The page of one conversion: compared with its float model, or with a quantized file."""
    sections = [Section("How it was made", "", tuple(Text(t) for t in _made(conversion)))]
    stats = [Stat("size", f"{len(conversion.model):,} bytes"),
             Stat("operators", str(len(conversion.graph.operators)),
                  f"{len(conversion.in_float)} in float")]  # fmt: skip
    low: Sequence[LayerLoss] = ()
    summary = f"{source.name} converted by {conversion.converter}."
    if found is not None:
        low = [layer for layer in found.layers if layer.snr < LOW_DB]
        stats += _scores(found)
        summary = _in_short(found)
        sections.insert(0, Section("Signal and noise", _HOW, _layers(found)))
    if proof is not None:
        stats.append(Stat("integer weights kept", f"{proof.equal_weights:,} of {proof.weights:,}"))
        summary = f"{proof}."
        sections.insert(0, Section("Layer by layer", _STEPS, (_differences(proof),)))
    status = Status("some layers lose much", "warn") if low else Status("converted", "good")
    return Page(
        kind="convert",
        title=f"What integers cost {source.name}",
        status=status,
        summary=summary,
        stats=tuple(stats),
        sections=tuple(sections),
        provenance=(("model", str(source)), ("converter", conversion.converter)),
    )


_HOW = (
    "The ratio of each layer's real values in float to what the integers differ from them, in "
    "decibels: 6 dB are one bit, and below 20 dB a layer has lost more than half of eight bits."
)
_STEPS = "Numbers of each layer beside onnxruntime's, in steps of the file's own scale."


def _made(conversion: Conversion) -> list[str]:
    return [f"{conversion}.", *(f"{note[:1].upper()}{note[1:]}." for note in conversion.notes)]


def _scores(found: Comparison) -> list[Stat]:
    stats = []
    if found.float_score is not None and found.integer_score is not None:
        stats = [
            Stat("float", _figure(found.float_score)),
            Stat(found.kind, _figure(found.integer_score)),
        ]
    worst = found.worst(1)
    if worst:
        stats.append(Stat("noisiest layer", _decibels(worst[0].snr), worst[0].name,
                          "warn" if worst[0].snr < LOW_DB else "good"))  # fmt: skip
    return stats


def _figure(score: object) -> str:
    text = str(score)
    return text[text.rfind("(") + 1 : -1] if text.endswith("%)") else text


def _in_short(found: Comparison) -> str:
    if found.decision.rule == Rule.REGRESSION:
        return (
            f"{found.kind} is {found.changed:.4g} from float in the mean over {found.samples} "
            "samples."
        )
    return (
        f"{found.kind} answers {found.changed:.1%} of {found.samples} samples otherwise than float "
        f"({found.decision})."
    )


def _layers(found: Comparison) -> tuple[Block, ...]:
    """The plot over the layers, and every layer in a table."""
    if not found.layers:
        return (Text("No layer has the same name in both files.", "warn"),)
    values = tuple(min(max(layer.snr, 0.0), _MOST_DB) for layer in found.layers)
    ends = (found.layers[0].name, found.layers[-1].name)
    plot = Lines(
        "Signal to noise by layer, in dB",
        (
            Curve(found.kind, values, "one"),
            Curve(f"{LOW_DB:g} dB", (LOW_DB,) * len(values), "warn"),
        ),
        ends,
    )
    rows = tuple(
        (
            Cell(layer.name),
            Cell(layer.kind),
            Cell(_decibels(layer.snr), number=True),
            Cell(
                f"{max(layer.snr, 0) / _BIT_DB:.1f}" if isfinite(layer.snr) else "all", number=True
            ),
            Cell(layer.remedy) if layer.snr < LOW_DB else Cell("as expected", status="good"),
        )
        for layer in found.layers
    )
    header = ("layer", "operator", "signal to noise", "bits", "what to try")
    return plot, Table("Layers in the order in which they run", header, rows)


def _bits(snr: float) -> str:
    return f"{max(snr, 0) / _BIT_DB:.1f}" if isfinite(snr) else "all"


def _decibels(snr: float) -> str:
    return f"{snr:.1f} dB" if isfinite(snr) else "no noise"


def _differences(proof: OnnxProof) -> Table:
    rows = tuple(
        (
            Cell(layer.name),
            Cell(layer.kind),
            Cell(f"{layer.count:,}", number=True),
            Cell(f"{100 * layer.different / layer.count:.2f} %", number=True),
            Cell(f"{layer.largest:.3g}", number=True),
        )
        for layer in proof.layers
    )
    header = ("layer", "operator", "numbers", "differ", "largest, in steps")
    return Table(f"Over {proof.inputs} inputs, beside {proof.runtime}", header, rows)
