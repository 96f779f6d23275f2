"""A test run as lines, and as JUnit XML."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from qmcu.comparison.result import Profile, TestResult, vector_name
from qmcu.files import write_atomic
from qmcu.report.plain import PlainTable, line
from qmcu.text import printable

_SHOWN = 5


def test_lines(result: TestResult) -> Iterator[RenderableType]:
    """What ran where, what was equal, what was measured, and how."""
    yield (
        line(
            (result.model, "bold"),
            f" on {result.device}, image {result.image} for {result.board}",
        )
    )
    if result.steps > 1:
        count = result.vectors // result.steps
        yield f"  {count} sequences of {result.steps} inferences, the state reset before each"
    yield f"  vectors: {result.source}, expected bytes by {result.expected_by}"
    if result.resumed:
        yield (
            f"  resumed: {result.resumed} answers are of an earlier run, {result.repeated} of them "
            "were run again and are equal"
        )
    if result.accuracy is not None:
        accuracy = result.accuracy
        yield (
            f"  accuracy: {accuracy.device} of {accuracy.total} right on the device "
            f"({accuracy.on_device:.2%}), {accuracy.expected} expected (counted; {accuracy.rule})"
        )
    if result.error is not None:
        yield (
            f"  mean absolute error: {result.error.device:.4g} on the device, "
            f"{result.error.expected:.4g} expected (against the labels, in their unit)"
        )
    if result.profile is not None:
        profile = result.profile
        yield f"  {profile.unit} per inference: {profile.total:,} ({profile.how})"
    yield (
        f"  stack: {result.stack_bytes:,} of {result.stack_reserved:,} bytes used at most "
        "(measured by painting)"
    )
    if result.guard:
        yield f"  release: {result.guard}"
    for difference in result.differences[:_SHOWN]:
        yield line("  ", ("differs", "red"), f" {difference}")
    if len(result.differences) > _SHOWN:
        yield f"  ... and {len(result.differences) - _SHOWN} more vectors"
    if result.traced is not None:
        differing = result.layer_difference
        yield (
            f"  trace of {vector_name(result.traced, result.steps)}: every layer equal"
            if differing is None
            else f"  trace of {vector_name(result.traced, result.steps)}: first to differ is "
            f"{differing}"
        )
    colour = "green" if result.passed else "red"
    yield (
        line(
            (f"{result.equal} of {result.vectors} outputs equal", f"bold {colour}"),
            f" ({result.seconds:.1f} s)",
        )
    )


def profile_table(profile: Profile) -> PlainTable:
    """The figure of each layer and its share."""
    table = PlainTable("layer", title=f"{profile.unit} by layer ({profile.how})")
    table.add_column(profile.unit, justify="right")
    table.add_column("share", justify="right")
    for layer, count in profile.layers:
        table.add_row(layer, f"{count:,}", f"{count / max(profile.total, 1):.1%}")
    return table


def write_junit(results: Sequence[TestResult], path: Path) -> None:
    """A suite a run, a test case a vector. Raises UsageError when the file cannot be written."""
    import junitparser

    # Its type hints are incomplete.
    junit: Any = junitparser
    document = junit.JUnitXml()
    for result in results:
        document.add_testsuite(_suite(junit, result))
    document.update_statistics()
    write_atomic(path, document.tostring())


def _suite(junit: Any, result: TestResult) -> Any:
    """The suite of one run."""
    suite = junit.TestSuite(printable(f"qmcu {result.model} on {result.board}"))
    suite.add_property("device", result.device)
    suite.add_property("build_id", result.build_id)
    suite.add_property("model_sha256", result.model_sha256)
    failures = {d.vector: printable(d) for d in result.differences}
    for index in range(result.vectors):
        case = junit.TestCase(vector_name(index, result.steps), classname=printable(result.model))
        case.time = result.seconds / max(result.vectors, 1)
        if index in failures:
            case.result = [junit.Failure(failures[index], "difference")]
        suite.add_testcase(case)
    if result.traced is not None:
        name = f"trace of {vector_name(result.traced, result.steps)}"
        case = junit.TestCase(name, classname=printable(result.model))
        if result.layer_difference is not None:
            case.result = [junit.Failure(printable(result.layer_difference), "difference")]
        suite.add_testcase(case)
    return suite
