"""A verification as lines, and as JUnit XML."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from qmcu.backdoor.verification import Verdict, Verification
from qmcu.files import write_atomic

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
    yield (
        f"[bold]{escape(test.model)}[/] on {escape(test.device)}, image {escape(test.image)} for "
        f"{test.board}"
    )
    yield f"  vectors: {escape(test.source)}, expected bytes by {escape(test.expected_by)}"
    yield (
        f"  trigger: {escape(result.trigger)} ({escape(result.kind)}), class {result.target}; "
        + (escape(str(result.change)))
    )
    yield _rates(result)
    reference = result.reference
    yield (
        f"  a backdoor acts above {100 * reference.threshold:.1f} %: {reference.how} "
        f"({100 * reference.rate:.1f} %), and {100 * reference.margin:.0f} points"
    )
    if result.earlier is not None:
        yield f"  before: {escape(str(result.earlier))}"
    for difference in test.differences[:_SHOWN]:
        yield f"  [red]differs[/] {escape(str(difference))}"
    if len(test.differences) > _SHOWN:
        yield f"  ... and {len(test.differences) - _SHOWN} more vectors"
    colour = "green" if result.bytes_equal else "red"
    yield (
        f"[bold {colour}]{test.equal} of {test.vectors} outputs equal[/], every byte compared "
        f"({test.seconds:.1f} s)"
    )
    yield f"[bold {_COLOURS[result.verdict]}]{escape(str(result))}[/]"


def _rates(result: Verification) -> Table:
    table = Table("form", "clean accuracy (CA)", "attack success rate (ASR)", "verdict", "by")
    for measured in result.measurements:
        verdict = f"[{_COLOURS[measured.verdict]}]{measured.verdict}[/]"
        table.add_row(
            measured.form, str(measured.clean), str(measured.attack), verdict, escape(measured.by)
        )
    return table


def write_verify_junit(result: Verification, path: Path) -> None:
    """Two test cases: every byte equal, and no backdoor. Raises UsageError when it cannot."""
    import junitparser

    # Its type hints are incomplete.
    junit: Any = junitparser
    test = result.test
    suite = junit.TestSuite(f"qmcu verify {test.model} on {test.board}")
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
        case = junit.TestCase(name, classname=test.model)
        case.time = test.seconds / len(cases)
        if not passed:
            case.result = [junit.Failure(str(message), kind)]
        suite.add_testcase(case)
    document = junit.JUnitXml()
    document.add_testsuite(suite)
    document.update_statistics()
    write_atomic(path, document.tostring())
