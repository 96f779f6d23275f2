"""`qmcu test` as a page: how many outputs were equal, what was measured, what differs."""

from collections.abc import Sequence

from qmcu.comparison import TestResult
from qmcu.report.html.blocks import Bar, Bars, Block, Cell, Page, Section, Stat, Status, Table, Text
from qmcu.report.html.sections import sentence

# A page lists the first differing vectors only.
_MAX_ROWS = 50


def test_page(results: Sequence[TestResult]) -> Page:
    """The page of a run, or of the runs of several models in one image."""
    first, several = results[0], len(results) > 1
    passed = all(result.passed for result in results)
    stats = tuple(stat for result in results for stat in _stats(result, several))
    sections = tuple(s for result in results for s in _sections(result, several))
    names = " and ".join(result.model for result in results)
    return Page(
        kind="test",
        title=f"{names} on {first.board}",
        status=Status("passed" if passed else "failed", "good" if passed else "bad"),
        summary=" ".join(f"{r.model}: {r}." for r in results) if several else sentence(first),
        stats=stats,
        sections=sections,
        provenance=(
            ("device", f"{first.device}, image {first.image}"),
            *(row for result in results for row in _origin(result, several)),
            ("build", first.build_id),
            ("time on the device", f"{sum(r.seconds for r in results):.1f} s"),
        ),
    )


test_page.__test__ = False  # type: ignore[attr-defined]


def _origin(result: TestResult, several: bool) -> tuple[tuple[str, str], ...]:
    """What a run was made with; of `several` each row names its model."""
    whose = f" of {result.model}" if several else ""
    return (
        (f"vectors{whose}", result.source),
        (f"expected bytes{whose}", result.expected_by),
        (f"model {result.model}" if several else "model", result.model_sha256),
    )


def _sections(result: TestResult, several: bool) -> tuple[Section, ...]:
    whose = f" of {result.model}" if several else ""
    outputs = Section(f"Outputs{whose}", "", _outputs(result))
    return (outputs, _layers(result, whose)) if result.profile is not None else (outputs,)


def _stats(result: TestResult, several: bool) -> list[Stat]:
    whose = f"{result.model}: " if several else ""
    stats = [
        Stat(f"{whose}outputs equal", f"{result.equal:,} of {result.vectors:,}",
             "every byte compared", "good" if result.passed else "bad"),
        Stat(f"{whose}stack", f"{result.stack_bytes:,}",
             f"of {result.stack_reserved:,} bytes, measured"),
    ]  # fmt: skip
    if result.profile is not None:
        stats.append(
            Stat(f"{whose}{result.profile.unit}", f"{result.profile.total:,}", result.profile.how)
        )
    if result.accuracy is not None:
        right = result.accuracy
        stats.append(
            Stat(f"{whose}accuracy", f"{100 * right.on_device:.1f} %",
                 f"{right.device:,} of {right.total:,} on the device; {right.expected:,} expected")
        )  # fmt: skip
    if result.error is not None:
        stats.append(
            Stat(f"{whose}mean absolute error", f"{result.error.device:.4g}",
                 f"on the device, against the labels; {result.error.expected:.4g} expected")
        )  # fmt: skip
    return stats


def _outputs(result: TestResult) -> tuple[Block, ...]:
    if result.layer_difference is not None:
        first: tuple[Block, ...] = (Text(sentence(result.layer_difference), "bad"),)
    else:
        first = ()
    if not result.differences:
        return (Text(f"All {result.vectors:,} outputs are those of {result.expected_by}."), *first)
    shown = result.differences[:_MAX_ROWS]
    rows = tuple(
        (Cell(str(d.vector)), Cell(d.difference.tensor), Cell(str(list(d.difference.index))),
         Cell(str(d.difference.expected), number=True), Cell(str(d.difference.got), number=True),
         Cell(f"{d.difference.differing:,} of {d.difference.size:,}", number=True),
         Cell(str(d.difference.max_difference), number=True))
        for d in shown
    )  # fmt: skip
    header = ("vector", "tensor", "first at", "expected", "got", "bytes differ", "by at most")
    caption = f"The first {len(shown)} of {len(result.differences):,} outputs that differ"
    return (*first, Table(caption, header, rows))


def _layers(result: TestResult, whose: str) -> Section:
    profile = result.profile
    assert profile is not None
    bars = tuple(
        Bar(layer, share, share, share, f"{share:.1%}, {count:,}", "one")
        for layer, count in profile.layers
        for share in [count / profile.total if profile.total else 0.0]
    )
    text = f"{profile.unit}, {profile.how}, of one inference (vector {profile.vector})."
    return Section(f"Layers{whose}", sentence(text), (Bars("Share of each layer", bars),))
