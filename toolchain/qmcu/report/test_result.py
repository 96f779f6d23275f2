"""A test run as lines, and as JUnit XML."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from qmcu.comparison.result import Profile, TestResult
from qmcu.files import write_atomic

_SHOWN = 5


def test_lines(result: TestResult) -> Iterator[RenderableType]:
    """What ran where, what was equal, what was measured, and how."""
    yield (
        f"[bold]{escape(result.model)}[/] on {result.device}, image {escape(result.image)} "
        f"for {result.board}"
    )
    yield f"  vectors: {escape(result.source)}, expected bytes by {escape(result.expected_by)}"
    if result.accuracy is not None:
        accuracy = result.accuracy
        yield (
            f"  accuracy: {accuracy.device} of {accuracy.total} right on the device "
            f"({accuracy.on_device:.2%}), {accuracy.expected} expected (counted, argmax)"
        )
    if result.profile is not None:
        profile = result.profile
        yield f"  {profile.unit} per inference: {profile.total:,} ({profile.how})"
    yield (
        f"  stack: {result.stack_bytes:,} of {result.stack_reserved:,} bytes used at most "
        "(measured by painting)"
    )
    for difference in result.differences[:_SHOWN]:
        yield f"  [red]differs[/] {escape(str(difference))}"
    if len(result.differences) > _SHOWN:
        yield f"  ... and {len(result.differences) - _SHOWN} more vectors"
    if result.traced is not None:
        differing = result.layer_difference
        yield (
            f"  trace of vector {result.traced}: every layer equal"
            if differing is None
            else f"  trace of vector {result.traced}: first to differ is {escape(str(differing))}"
        )
    colour = "green" if result.passed else "red"
    yield (
        f"[bold {colour}]{result.equal} of {result.vectors} outputs equal[/] "
        f"({result.seconds:.1f} s)"
    )


def profile_table(profile: Profile) -> Table:
    """The figure of each layer and its share."""
    table = Table("layer", title=f"{profile.unit} by layer ({profile.how})", title_justify="left")
    table.add_column(profile.unit, justify="right")
    table.add_column("share", justify="right")
    for layer, count in profile.layers:
        table.add_row(layer, f"{count:,}", f"{count / max(profile.total, 1):.1%}")
    return table


def write_junit(result: TestResult, path: Path) -> None:
    """One test case a vector. Raises UsageError when the file cannot be written."""
    import junitparser

    # Its type hints are incomplete.
    junit: Any = junitparser
    suite = junit.TestSuite(f"qmcu {result.model} on {result.board}")
    suite.add_property("device", result.device)
    suite.add_property("build_id", result.build_id)
    suite.add_property("model_sha256", result.model_sha256)
    failures = {d.vector: str(d) for d in result.differences}
    for index in range(result.vectors):
        case = junit.TestCase(f"vector {index}", classname=result.model)
        case.time = result.seconds / max(result.vectors, 1)
        if index in failures:
            case.result = [junit.Failure(failures[index], "difference")]
        suite.add_testcase(case)
    if result.traced is not None:
        case = junit.TestCase(f"trace of vector {result.traced}", classname=result.model)
        if result.layer_difference is not None:
            case.result = [junit.Failure(str(result.layer_difference), "difference")]
        suite.add_testcase(case)
    document = junit.JUnitXml()
    document.add_testsuite(suite)
    document.update_statistics()
    write_atomic(path, document.tostring())
