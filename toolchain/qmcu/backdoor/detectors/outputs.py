"""An audit of files, of each of their outputs: a switch may show in one of them alone."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from qmcu.backdoor.detectors.context import load_context
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.result import AuditResult, AuditVerdict
from qmcu.backdoor.detectors.run import audit
from qmcu.backdoor.networks import open_float_graph
from qmcu.conversion.files import OpenOptions
from qmcu.errors import QmcuError, UsageError
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.model.unpack import read_model_file
from qmcu.types import Progress

# From the least to the worst.
_WORST: tuple[AuditVerdict, ...] = ("clean", "undecided", "suspicious", "damaged", "backdoored")


def audit_files(
    float_file: Path | None,
    integer_file: Path | None,
    data: Path | None,
    *,
    calibration: Path | None = None,
    output: str | None = None,
    slow: bool = False,
    seed: int = 0,
    opening: OpenOptions | None = None,
    progress: Progress | None = None,
) -> tuple[AuditResult, AuditContext]:
    """What an audit of files found, and the context of the output that decided.

    Of several outputs each is audited, or the one called `output` (its name or number); the
    verdict is the worst. Raises UsageError for an output that is not there, else as `load_context`
    and `audit`: where one output cannot be audited and no other is backdoored or damaged.
    """
    files = {
        "float": float_file, "int8": integer_file, "data": data, "calibration": calibration
    }  # fmt: skip
    audited = {name: str(path) for name, path in files.items() if path is not None}
    floating = None if float_file is None else open_float_graph(float_file, opening)
    chosen = _choose(_names(floating, integer_file), output)
    found: dict[str, tuple[AuditResult, AuditContext]] = {}
    failed: list[QmcuError] = []
    for number, name in chosen.items():
        try:
            context = load_context(
                float_file, integer_file, data, seed=seed, opening=opening, output=number,
                floating=floating, calibration=calibration,
            )  # fmt: skip
            found[name] = (
                audit(context, slow=slow, audited=audited, progress=progress), context
            )  # fmt: skip
        except QmcuError as error:
            failed.append(error)
    results = {name: result for name, (result, _) in found.items()}
    if failed and all(result.passed for result in results.values()):
        raise failed[0]
    worst = _worst(results)
    result, context = found[worst]
    if len(chosen) == 1 and output is None:
        return result, context
    return replace(_joined(results, worst), sha256=result.sha256), context


def _names(floating: Graph | None, integer_file: Path | None) -> tuple[str, ...]:
    """The outputs of what is audited; one without a name where there is one only, or none is read
    without a sentence of its own.
    """
    try:
        if integer_file is not None:
            graph = parse_model(read_model_file(integer_file), source=str(integer_file))
        elif floating is not None:
            graph = floating
        else:
            return ("",)
    except QmcuError:
        return ("",)
    names = [graph.name_of(i) for i in graph.outputs]
    # A file may call two outputs alike, or give one tensor twice: each is audited all the same.
    return tuple(
        name if names.count(name) == 1 else f"{name}[{number}]" for number, name in enumerate(names)
    ) or ("",)


def _choose(names: tuple[str, ...], output: str | None) -> dict[int, str]:
    """The numbers and names of the outputs to audit."""
    if output is None:
        return dict(enumerate(names))
    if output in names:
        return {names.index(output): output}
    if output.isdecimal() and int(output) < len(names):
        return {int(output): names[int(output)]}
    raise UsageError(f"there is no output {output}; the model has {', '.join(names)}.")


def _worst(results: Mapping[str, AuditResult]) -> str:
    return max(results, key=lambda n: (_WORST.index(results[n].verdict), results[n].score))


def _joined(results: Mapping[str, AuditResult], worst: str) -> AuditResult:
    """The worst output's result, which says what the others came to."""
    verdicts = {name: result.verdict for name, result in results.items()}
    told = ", ".join(f"{name} {one.verdict} ({one.score:.2f})" for name, one in results.items())
    several = (
        f"{len(results)} outputs were audited: {told}; this is {worst}. Each is held to the levels "
        f"of one output, so that an honest model has {len(results)} times their chance.",
    )
    result = results[worst]
    reasons = (*(several if len(results) > 1 else ()), *result.reasons)
    return replace(result, reasons=reasons, outputs=verdicts)
