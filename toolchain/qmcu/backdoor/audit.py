"""The audit: every detector that applies, and one verdict with its reasons."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from qmcu.arrays import read_arrays
from qmcu.backdoor.detectors import (
    STRONGEST,
    AuditContext,
    Detector,
    Finding,
    load_detectors,
)
from qmcu.backdoor.detectors.graph_branches import CONTROL
from qmcu.backdoor.evaluation import classifier_input
from qmcu.backdoor.keras_model import keras_from_network, open_keras
from qmcu.backdoor.network import network_from_keras
from qmcu.errors import ModelError, QmcuError, UnsupportedModelError, UsageError, VectorError
from qmcu.model.convert import convert_keras
from qmcu.model.graph import Graph
from qmcu.model.reader import operator_kinds, parse_model
from qmcu.sarif import file_location, sarif_log

Verdict = Literal["backdoored", "suspicious", "clean", "undecided"]
Progress = Callable[[int, int], None]
TAGS = ("OWASP ML06:2023", "OWASP ML10:2023", "MITRE ATLAS AML.T0010", "MITRE ATLAS AML.T0018")
_WITHOUT_FLOAT = (
    "without the float model it cannot be seen what rounding changed: that nothing fired says "
    "nothing about the weights (docs/DETECTORS.md)."
)
_LEVELS = {"decisive": "error", "static": "error", "supporting": "warning"}


@dataclass(frozen=True)
class AuditResult:
    """What an audit found: one verdict, its reasons, every detector's finding.

    backdoored: a decisive or static detector fired. suspicious: only supporting ones did, which
    honest training (clipping, quantization-aware) can cause. clean: none fired. undecided: none
    fired, and no decisive one could run, as without the float model. `skipped` maps detectors
    that did not run to what they would have needed, or to what kept them from it. `score` sums
    the audit up in one number that grows with suspicion (see `audit_score`); `p_value` is the
    smallest of the decisive detectors' p-values times their number (Bonferroni), None when none
    has one.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]
    skipped: Mapping[str, str]
    audited: Mapping[str, str]

    @property
    def score(self) -> float:
        """The whole audit as one number."""
        return audit_score(self.findings)

    @property
    def p_value(self) -> float | None:
        """The chance that an honest model looks as bad to any of the decisive detectors."""
        found = [f.p_value for f in self.findings if f.weight == "decisive"]
        values = [p for p in found if p is not None]
        return min(1.0, min(values) * len(values)) if values else None

    @property
    def passed(self) -> bool:
        """True unless a backdoor was found."""
        return self.verdict != "backdoored"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "verdict": self.verdict,
            "score": self.score,
            "p_value": self.p_value,
            "reasons": list(self.reasons),
            "findings": [f.to_dict() for f in self.findings],
            "skipped": dict(self.skipped),
            "audited": dict(self.audited),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "AuditResult":
        """Rebuild a result. Raises KeyError, TypeError or ValueError on other data."""
        if document["verdict"] not in get_args(Verdict):
            raise ValueError(f"{document['verdict']} is no verdict")
        names = [f.name for f in fields(Finding)]
        findings = tuple(Finding(**{n: f[n] for n in names}) for f in document["findings"])
        return cls(
            verdict=document["verdict"],
            reasons=tuple(map(str, document["reasons"])),
            findings=findings,
            skipped=dict(document["skipped"]),
            audited=dict(document["audited"]),
        )

    def to_sarif(self) -> dict[str, Any]:
        """SARIF 2.1.0: a rule for each detector, a result for each one that fired."""
        detectors = load_detectors()
        rules = [
            {
                "id": f.detector,
                "shortDescription": {"text": detectors[f.detector].summary},
                "properties": {"tags": ["security", *TAGS]},
            }
            for f in self.findings
        ]
        place = self.audited.get("int8") or self.audited.get("float", "model")
        results = [
            {
                "ruleId": f.detector,
                "level": _LEVELS[f.weight],
                "message": {"text": f.reason},
                "properties": {"score": f.score, "threshold": f.threshold, "pValue": f.p_value},
                "locations": [file_location(Path(place))],
            }
            for f in self.findings
            if f.suspicious
        ]
        return sarif_log("qmcu audit", rules, results)


def load_audit(path: Path) -> AuditResult:
    """What `qmcu audit --json` wrote. Raises UsageError when the file is none."""
    try:
        return AuditResult.from_dict(json.loads(path.read_text()))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{path} is no result of `qmcu audit --json` ({type(error).__name__}: {error})."
        ) from error


def audit(
    context: AuditContext,
    *,
    slow: bool = False,
    audited: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> AuditResult:
    """Run every detector that the context has the models for; `slow` ones only when asked.

    Raises ModelError when the models do not belong together, or when a decisive detector cannot
    run on them and no other finding settles the verdict.
    """
    detectors = load_detectors()
    chosen = [d for d in detectors.values() if d.applies(context) and (slow or not d.slow)]
    skipped = {d.name: _needed(d, context) for d in detectors.values() if d not in chosen}
    if context.network is not None and context.graph is not None:
        _ = context.grids
    findings: list[Finding] = []
    failed: list[QmcuError] = []
    for number, one in enumerate(chosen):
        try:
            findings.append(one.run(context))
        except (ModelError, UnsupportedModelError) as error:
            # A graph that no detector of weights can run is what graph-branches is for.
            skipped[one.name] = f"could not run: {error}"
            if "float" in one.needs:
                failed.append(error)
        if progress is not None:
            progress(number + 1, len(chosen))
    verdict, reasons = judge(findings)
    if failed and verdict != "backdoored":
        raise failed[0]
    return AuditResult(verdict, reasons, tuple(findings), skipped, dict(audited or {}))


def judge(findings: Sequence[Finding]) -> tuple[Verdict, tuple[str, ...]]:
    """One verdict from all findings, and the sentences that carry it."""
    fired = [f for f in findings if f.suspicious]
    strong = [f for f in fired if f.weight in ("decisive", "static")]
    if strong:
        return "backdoored", tuple(
            f.reason for f in (*strong, *(f for f in fired if f not in strong))
        )
    if fired:
        return "suspicious", tuple(f.reason for f in fired)
    quiet = tuple(f.reason for f in findings if f.weight != "supporting")
    if not any(f.weight == "decisive" for f in findings):
        return "undecided", (*quiet, _WITHOUT_FLOAT)
    return "clean", quiet


def audit_score(findings: Sequence[Finding]) -> float:
    """One number for a whole audit, 0 upwards; above 1 exactly when the verdict is backdoored.

    The strongest decisive or static finding, in units of its threshold. With none of them above
    its threshold, supporting findings add up to a tenth, and never beyond 1.
    """
    strong = max((f.strength for f in findings if f.weight != "supporting"), default=0.0)
    if strong > 1:
        return strong
    support = max((f.strength for f in findings if f.weight == "supporting"), default=0.0)
    return min(1.0, strong + 0.1 * support / STRONGEST)


def _needed(detector: Detector, context: AuditContext) -> str:
    lacking = context.lacking(detector.needs)
    return f"needs {', '.join(lacking)}" if lacking else "slow: asked for with --deep"


def load_context(
    float_file: Path | None, integer_file: Path | None, data: Path | None, *, seed: int = 0
) -> AuditContext:
    """The context of files: any of a Keras model, an int8 .tflite and an .npz with `inputs`.

    With only the float model it is quantized here, to see what would be deployed. Raises
    UsageError without any model, ModelError or VectorError for a file.
    """
    if float_file is None and integer_file is None:
        raise UsageError("nothing to audit: give --int8 MODEL.tflite, --float MODEL.keras or both.")
    samples = None if data is None else _samples(data)
    network = None
    if float_file is not None:
        network = network_from_keras(open_keras(float_file), float_file.stem)
    integer = None if integer_file is None else _read(integer_file)
    if integer is None and network is not None:
        given = samples
        if given is None:
            shape = (64, *network.input_shape)
            given = np.random.default_rng(seed).random(shape).astype(np.float32)
        integer = convert_keras(keras_from_network(network), given, network.graph.name).model
    graph: Graph | None = None
    control: tuple[str, ...] = ()
    if integer is not None:
        control = _control(integer, str(integer_file))
    if integer is not None and not control:
        name = "model" if integer_file is None else integer_file.stem
        graph = parse_model(integer, name, source=str(integer_file or float_file))
        classifier_input(graph)
    low, high = _range(samples, graph if integer_file else None)
    context = AuditContext(network, integer, graph, samples, low, high, seed, control)
    if control:
        return context
    if samples is not None and samples.shape[1:] != context.input_shape:
        raise VectorError(
            f"{data} holds inputs of {list(samples.shape[1:])} and the model takes "
            f"{list(context.input_shape)}."
        )
    return context


def _control(model: bytes, source: str) -> tuple[str, ...]:
    """The operators that run other subgraphs, of a file that has some."""
    kinds = operator_kinds(model, source=source)
    if len(kinds) < 2:
        return ()
    return tuple(f"{k} in subgraph {i}" for i, own in enumerate(kinds) for k in own if k in CONTROL)


def _range(samples: npt.NDArray[np.float32] | None, graph: Graph | None) -> tuple[float, float]:
    """The range of inputs: that of the samples, of the int8 input's grid, or 0 to 1."""
    if samples is not None:
        return float(samples.min()), float(samples.max())
    grid = graph.input_tensors[0].quantization if graph is not None and graph.inputs else None
    if grid is None:
        return 0.0, 1.0
    return grid.scale * (-128 - grid.zero_point), grid.scale * (127 - grid.zero_point)


def _samples(path: Path) -> npt.NDArray[np.float32]:
    arrays = read_arrays(path)
    if "inputs" not in arrays:
        raise VectorError(f"{path} has no array inputs; it has {', '.join(sorted(arrays))}.")
    inputs = arrays["inputs"]
    if inputs.dtype.kind not in "fu" and inputs.dtype not in (np.int32, np.int64):
        raise VectorError(f"{path} holds inputs of {inputs.dtype}; real values are needed.")
    if not inputs.size or not np.isfinite(inputs).all():
        raise VectorError(f"{path} holds no inputs, or some that are not finite.")
    return np.asarray(inputs, np.float32)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
