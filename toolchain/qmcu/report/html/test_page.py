"""`qmcu test` as a page: how many outputs were equal, what was measured, what differs."""

from qmcu.comparison import TestResult
from qmcu.report.html.blocks import Bar, Bars, Block, Cell, Page, Section, Stat, Status, Table, Text
from qmcu.report.html.sections import sentence

# A page lists the first differing vectors only.
_MAX_ROWS = 50


def test_page(result: TestResult) -> Page:
    """The page of one run."""
    stats = [
        Stat("outputs equal", f"{result.equal:,} of {result.vectors:,}", "every byte compared",
             "good" if result.passed else "bad"),
        Stat("stack", f"{result.stack_bytes:,}", f"of {result.stack_reserved:,} bytes, measured"),
    ]  # fmt: skip
    if result.profile is not None:
        stats.append(Stat(result.profile.unit, f"{result.profile.total:,}", result.profile.how))
    if result.accuracy is not None:
        right = result.accuracy
        stats.append(
            Stat("accuracy", f"{100 * right.on_device:.1f} %",
                 f"{right.device:,} of {right.total:,} on the device; {right.expected:,} expected")
        )  # fmt: skip
    if result.error is not None:
        stats.append(
            Stat("mean absolute error", f"{result.error.device:.4g}",
                 f"on the device, against the labels; {result.error.expected:.4g} expected")
        )  # fmt: skip
    sections = [Section("Outputs", "", _outputs(result))]
    if result.profile is not None:
        sections.append(_layers(result))
    return Page(
        kind="test",
        title=f"{result.model} on {result.board}",
        status=Status("passed" if result.passed else "failed", "good" if result.passed else "bad"),
        summary=sentence(result),
        stats=tuple(stats),
        sections=tuple(sections),
        provenance=(
            ("device", f"{result.device}, image {result.image}"),
            ("vectors", result.source),
            ("expected bytes", result.expected_by),
            ("model", result.model_sha256),
            ("build", result.build_id),
            ("time on the device", f"{result.seconds:.1f} s"),
        ),
    )


test_page.__test__ = False  # type: ignore[attr-defined]


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


def _layers(result: TestResult) -> Section:
    profile = result.profile
    assert profile is not None
    bars = tuple(
        Bar(layer, share, share, share, f"{share:.1%}, {count:,}", "one")
        for layer, count in profile.layers
        for share in [count / profile.total if profile.total else 0.0]
    )
    text = f"{profile.unit}, {profile.how}, of one inference (vector {profile.vector})."
    return Section("Layers", sentence(text), (Bars("Share of each layer", bars),))
