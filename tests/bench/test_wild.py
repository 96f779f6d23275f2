"""The picture of all models: what it is drawn from, and what the document says of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from bench.performance import wild

pytest.importorskip("matplotlib", reason="matplotlib is not installed")


def rows() -> list[dict[str, Any]]:
    counts = [(100, 200), (90, 100), (30, 100)]
    return [
        {"model": f"m{i}", "board": "stm32f407", "native": a, "cmsis-nn": b}
        for i, (a, b) in enumerate(counts)
    ]


def test_ratios_are_sorted() -> None:
    assert wild.ratios(rows(), "stm32f407") == [(0.3, "m2"), (0.5, "m0"), (0.9, "m1")]
    assert wild.ratios(rows(), "mps3-an547") == []


def test_the_section_has_median_and_worst_and_keeps_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, picture = tmp_path / "docs.md", tmp_path / "figures" / "wild.svg"
    picture.parent.mkdir()
    document.write_text(f"before\n{wild.BEGIN}\nold\n{wild.END}\nafter\n")
    monkeypatch.setattr(wild, "DOCUMENT", document)
    monkeypatch.setattr(wild, "PICTURE", picture)
    wild.write_section(rows())
    text = document.read_text()
    assert "| Cortex-M4, stm32f407 | 3 | 0.50 | 0.33 | 0.90 | 0.60 | 0 |" in text
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert picture.read_bytes() == wild.picture(rows())


def test_sizes_above_the_goals_are_told_with_what_another_setting_gives() -> None:
    sizes = {"native arena": 120, "ram arena": 80, "cmsis-nn arena": 100, "native constants": 300,
             "size constants": 105, "cmsis-nn constants": 100, "native code": 40, "size code": 30,
             "cmsis-nn code": 100, "size arena": 120}  # fmt: skip
    lines = list(wild.size_section([row | sizes for row in rows()[:1]]))
    assert (
        "| Cortex-M4, stm32f407 | 1.20, 1.20 | 3.00, 3.00 | 0.40, 0.40 | 1.20, 1.20 | " in lines[3]
    )
    assert lines[-1] == "| m0 | 1.20 | 0.80 | 3.00 | 1.05 |"
    assert not list(wild.size_section(rows()))


def test_an_image_that_was_measured_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {f"{name} {size}": 1 for name in wild.SETS for size in wild.SIZES}
    before = rows()[0] | sizes | {"images": {"native": "a", "cmsis-nn": "b"}}
    known = []

    def measured(*arguments: Any, **_: Any) -> dict[str, Any]:
        known.extend(arguments[4])
        return dict(arguments[4][0])

    monkeypatch.setattr(wild, "measured", measured)
    row = wild._row(Path("m0.tflite"), "rpi-pico", "unicorn", before)
    assert row is not None
    assert (row["native"], row["cmsis-nn"]) == (before["native"], before["cmsis-nn"])
    assert [one["image"] for one in known] == ["a", "b"]


def test_boards_that_are_not_asked_for_keep_their_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.tflite").touch()
    before = [{"model": "a", "board": board, "native": 1} for board, *_ in wild.CORES]
    monkeypatch.setattr(wild, "RESULTS", tmp_path / "wild.json")
    monkeypatch.setattr(wild, "_row", lambda path, board, *_: {"model": path.stem, "board": board})
    wild.measure(tmp_path, before, boards=("mps3-an547",))
    rows = json.loads((tmp_path / "wild.json").read_text())["rows"]
    assert [row["board"] for row in rows] == [board for board, *_ in wild.CORES]
    assert [row["board"] for row in rows if "native" not in row] == ["mps3-an547"]


def test_without_marks_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "docs.md"
    document.write_text("no marks")
    monkeypatch.setattr(wild, "DOCUMENT", document)
    with pytest.raises(ValueError, match="has no"):
        wild.write_section(rows())
    assert document.read_text() == "no marks"
