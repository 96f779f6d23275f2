import dataclasses
import itertools
from pathlib import Path

import pytest
from tests.support.pages import check_page

from qmcu.errors import UsageError
from qmcu.report.html import (
    Bar,
    Bars,
    Cell,
    Dot,
    Gallery,
    Histogram,
    Page,
    Picture,
    Scatter,
    Section,
    Series,
    Stack,
    Stacks,
    Stat,
    Status,
    Table,
    Text,
    render_page,
    write_page,
)
from qmcu.report.html.render import outline

PIXEL = "data:image/png;base64,AAAA"


def page() -> Page:
    blocks = (
        Text("Mind this.", "warn"),
        Table("a caption", ("form", "CA"), ((Cell("float"), Cell("97.6 %", number=True)),)),
        Bars("rates", (Bar("device", 0.25, 0.2, 0.3, "25.0 %", "attack"),), 0.5, "threshold"),
        Gallery("pictures", (Picture(PIXEL, "a seven", "class 7", (Cell("0", status="bad"),)),)),
        Histogram("residuals", -0.5, 0.5, "steps", (Series("honest", (1, 3), "clean"),)),
        Stacks("memory", (Stack("flash", 1000, 40, (("code", 30, "one"), ("data", 10, "two"))),)),
    )
    return Page(
        kind="test",
        title="A page",
        status=Status("active", "bad"),
        summary="It is so.",
        stats=(Stat("CA", "97.6 %", "of 450"),),
        sections=tuple(Section(name, "text", blocks) for name in ("One", "Two parts", "Three")),
        provenance=(("device", "unicorn"),),
    )


def test_a_page_is_self_contained_labelled_and_the_same_each_time() -> None:
    text = render_page(page())
    read = check_page(text)
    assert text == render_page(page())
    assert "threshold: 50.0 %" in read.text
    assert "flash: 40 of 1,000 bytes in use (4.0 %)" in read.text
    assert "highest bin 75.0 % at 0.25" in read.text
    assert [a["href"] for a in read.all("a")] == ["#content", "#one", "#two-parts", "#three"]
    for needed in ("prefers-color-scheme: dark", "@media print", "Content-Security-Policy"):
        assert needed in text


def test_bars_are_drawn_to_scale() -> None:
    bars = Bars("r", (Bar("x", 0.25, 0.2, 0.3, "25 %", "clean"),), 2.0, "beyond")
    text = render_page(dataclasses.replace(page(), sections=(Section("S", "", (bars,)),)))
    read = check_page(text)
    assert [(a["x"], a["width"]) for a in read.all("rect")] == [("190", "100.0")]
    assert "M270.0 15v9m0 -4.5H310.0" in text
    # A threshold above 100 % stays on the chart.
    assert next(a["x1"] for a in read.all("line") if a["class"] == "mark") == "590"


def test_a_histogram_is_its_shares() -> None:
    series = Series("s", (1, 3), "clean")
    assert outline(series, 0.75, 100, 30) == (
        "M0 30.0L0.0 20.0L50.0 20.0L50.0 0.0L100.0 0.0L100.0 30.0Z"
    )
    empty = Series("none", (0, 0), "clean")
    assert empty.shares == (0.0, 0.0)
    drawn = Histogram("h", 0, 1, "u", (empty,))
    check_page(render_page(dataclasses.replace(page(), sections=(Section("S", "", (drawn,)),))))


def test_hostile_names_stay_text() -> None:
    name = '"><script>alert(1)</script><img src=x onerror="x">'
    blocks = (
        Text(name),
        Table(name, (name,), ((Cell(name),),)),
        Bars(name, (Bar(name, 0.5, 0.4, 0.6, name, "clean"),), 0.5, name),
        Gallery(name, (Picture(PIXEL, name, name),)),
        Histogram(name, 0, 1, name, (Series(name, (1,), "clean"),)),
        Stacks(name, (Stack(name, 10, 5, ((name, 5, "one"),)),)),
    )
    text = render_page(
        Page(
            name, name, Status(name, "bad"), name, (Stat(name, name, name),),
            tuple(Section(f"{name}{i}", name, blocks) for i in range(3)), ((name, name),),
        )
    )  # fmt: skip
    read = check_page(text)
    assert name in " ".join(read.words)


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_page(page(), tmp_path / "a" / "r.html")
    assert (tmp_path / "a" / "r.html").read_text() == render_page(page())
    with pytest.raises(UsageError, match="cannot write"):
        write_page(page(), tmp_path / "a" / "r.html" / "x.html")


def test_points_of_one_size_stand_side_by_side() -> None:
    dots = tuple(Dot(str(n), 10.0, 0.9, 0.8, 1.0, "good", "90 %") for n in range(5))
    plot = Scatter("c", "bytes", dots, bottom=0.5)
    assert plot.right == 15
    assert plot.height(0.75) == 0.5
    assert all(b - a > 0.025 for a, b in itertools.pairwise(plot.places))
    assert sum(plot.places) / 5 == pytest.approx(10 / 15)
    # What is far enough away stays where it is; a neighbour gives way by half.
    dots = tuple(Dot(str(x), x, 0.9, 0.8, 1.0, "good", "90 %") for x in (14.0, 2.0, 2.0))
    far, *near = Scatter("c", "bytes", dots).places
    assert far == 14 / 15
    assert near[1] - near[0] == pytest.approx(0.026)
    assert sum(near) / 2 == pytest.approx(2 / 15)
