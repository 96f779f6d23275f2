"""A verification as lines, and as JUnit XML."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from qmcu.backdoor.verification import Verdict, Verification
from qmcu.files import write_atomic
from qmcu.report.plain import PlainTable, line
from qmcu.text import printable

_SHOWN = 5
_COLOURS = {
    Verdict.ACTIVE: "red",
    Verdict.DORMANT: "yellow",
    Verdict.UNDECIDED: "yellow",
    Verdict.ABSENT: "green",
    Verdict.REMOVED: "green",
}


def verification_lines(result: Verification) -> Iterator[RenderableType]:
    """What ran where, the rates in each form, the equality of bytes and the verdict."""
    test = result.test
    yield (line((test.model, "bold"), f" on {test.device}, image {test.image} for {test.board}"))
    yield f"  vectors: {test.source}, expected bytes by {test.expected_by}"
    yield (f"  trigger: {result.trigger} ({result.kind}), class {result.target}; {result.change}")
    yield _rates(result)
    for other in result.also:
        yield f"  {other}"
    reference = result.reference
    yield (
        f"  a backdoor acts above {100 * reference.threshold:.1f} %: {reference.how} "
        f"({100 * reference.rate:.1f} %), and {100 * reference.margin:.0f} points"
    )
    if result.earlier is not None:
        yield f"  before: {result.earlier}"
    for difference in test.differences[:_SHOWN]:
        yield line("  ", ("differs", "red"), f" {difference}")
    if len(test.differences) > _SHOWN:
        yield f"  ... and {len(test.differences) - _SHOWN} more vectors"
    colour = "green" if result.bytes_equal else "red"
    yield (
        line(
            (f"{test.equal} of {test.vectors} outputs equal", f"bold {colour}"),
            f", every byte compared ({test.seconds:.1f} s)",
        )
    )
    yield line((str(result), f"bold {_COLOURS[result.verdict]}"))


def _rates(result: Verification) -> PlainTable:
    table = PlainTable("form", "clean accuracy (CA)", "attack success rate (ASR)", "verdict", "by")
    for measured in result.measurements:
        verdict = line((measured.verdict, _COLOURS[measured.verdict]))
        table.add_row(
            measured.form, str(measured.clean), str(measured.attack), verdict, measured.by
        )
    return table


def write_verify_junit(result: Verification, path: Path) -> None:
    """Two test cases: every byte equal, and no backdoor. Raises UsageError when it cannot."""
    import junitparser

    # Its type hints are incomplete.
    junit: Any = junitparser
    test = result.test
    suite = junit.TestSuite(printable(f"qmcu verify {test.model} on {test.board}"))
    suite.add_property("device", test.device)
    suite.add_property("build_id", test.build_id)
    suite.add_property("model_sha256", test.model_sha256)
    suite.add_property("trigger_sha256", result.trigger_sha256)
    for measured in result.measurements:
        suite.add_property(f"CA {measured.form}", str(measured.clean))
        suite.add_property(f"ASR {measured.form}", str(measured.attack))
    cases = (
        ("every output byte is the expected one", result.bytes_equal, "difference", test),
        (
            f"trigger {result.trigger} finds no backdoor",
            result.verdict in (Verdict.ABSENT, Verdict.REMOVED),
            "backdoor",
            result,
        ),
    )
    for name, passed, kind, message in cases:
        case = junit.TestCase(printable(name), classname=printable(test.model))
        case.time = test.seconds / len(cases)
        if not passed:
            case.result = [junit.Failure(printable(message, None), kind)]
        suite.add_testcase(case)
    document = junit.JUnitXml()
    document.add_testsuite(suite)
    document.update_statistics()
    write_atomic(path, document.tostring())
