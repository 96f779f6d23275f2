import itertools
import json
import re
from pathlib import Path

import jsonschema
import pytest
from tests.support.pages import check_page
from tests.support.places import REPOSITORY

from qmcu.board import list_boards
from qmcu.builder.fits import fitting_boards
from qmcu.builder.savings import layer_uses
from qmcu.cli import run
from qmcu.firmware import Firmware
from qmcu.report.html import Tile, Treemap, render_page
from qmcu.report.html.build_page import build_page
from qmcu.report.html.treemap import laid_out


def fits(document: Path, schema: str) -> None:
    found = json.loads((REPOSITORY / "docs/schema" / f"{schema}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    jsonschema.validate(json.loads(document.read_text()), found)


def test_a_treemap_covers_its_box_without_overlap() -> None:
    tiles = tuple(
        Tile("ab"[n % 2], str(n), size, "one")
        for n, size in enumerate((500, 300, 120, 60, 20, 1, 1))
    )
    boxes = list(laid_out(Treemap("", tiles), 800, 400))
    assert {t.label for t, _ in boxes} == {t.label for t in tiles}
    total = sum(t.size for t in tiles)
    for tile, box in boxes:
        assert box.width * box.height == pytest.approx(800 * 400 * tile.size / total)
        assert -1e-6 <= box.x <= box.x + box.width <= 800 + 1e-6
        assert -1e-6 <= box.y <= box.y + box.height <= 400 + 1e-6
    for (_, a), (_, b) in itertools.combinations(boxes, 2):
        wide = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
        high = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
        assert wide < 1e-6 or high < 1e-6


def test_the_largest_tiles_have_a_label_in_both_drawings(built: Path) -> None:
    firmware = Firmware.load(built)
    page = render_page(build_page(firmware.plan, firmware.memory))
    block = next(b for s in build_page(firmware.plan, firmware.memory).sections for b in s.blocks
                 if isinstance(b, Treemap))  # fmt: skip
    for shape in ("wide", "narrow"):
        drawing = re.search(rf'<svg class="{shape}".*?</svg>', page, re.DOTALL)
        assert drawing is not None
        labels = re.findall(r'<text class="treetext"[^>]*>([^<]+)</text>', drawing[0])
        for tile in sorted(block.tiles, key=lambda t: -t.size)[:2]:
            shown = [label.rstrip("…") for label in labels]
            assert any(tile.label.startswith(label) for label in shown), (shape, tile.label)


def test_layers_take_what_the_report_says(built: Path) -> None:
    firmware = Firmware.load(built)
    plan, report = firmware.plan, firmware.memory
    uses = layer_uses(plan, report)
    assert [u.layer for u in uses] == [c.layer for c in plan.calls]
    for use in uses:
        mine = [e for e in report.entries if e.item == use.layer and e.category == "constants"]
        assert use.constants == sum(e.size for e in mine)
        assert use.weights == sum(e.size for e in mine if e.role == "weights")
        assert use.int4 == use.weights // 2
        assert use.live <= plan.arena_size
    assert any(u.weights for u in uses)


def test_the_page_holds_every_entry(built: Path) -> None:
    firmware = Firmware.load(built)
    plan, report = firmware.plan, firmware.memory
    page = check_page(render_page(build_page(plan, report)))
    tiles = page.all("rect")
    # Drawn twice: 800 by 400, and 400 by 500 for narrow screens.
    assert len(tiles) == 2 * sum(1 for e in report.entries if e.size)
    area = sum(float(a["width"] or 0) * float(a["height"] or 0) for a in tiles)
    assert area == pytest.approx(2 * (800 * 400 + 400 * 500), rel=1e-3)
    for entry in report.entries:
        assert f"{entry.size:,}" in page.text


def test_pages_of_a_folder_are_linked(pages: Path) -> None:
    index = (pages / "index.html").read_text()
    assert 'href="build.html"' in index
    assert 'href="below/test%20run.html"' in index
    assert "passed" in index
    below = (pages / "below" / "test run.html").read_text()
    assert 'href="../build.html"' in below
    assert 'href="../index.html"' in below
    # Once more changes nothing.
    assert run(["html", "--index", str(pages)]) == 0
    assert (pages / "index.html").read_text() == index
    assert (pages / "below" / "test run.html").read_text() == below


def test_documents_fit_their_schemas(pages: Path) -> None:
    fits(pages / "memory.json", "memory-1")
    fits(pages / "test.json", "test-1")


def test_an_index_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.html").write_text("<p>mine</p>")
    assert run(["html", "--index", str(tmp_path)]) == 2
    assert "holds no report of qmcu" in capsys.readouterr().err
    assert run(["html"]) == 2
    assert "--attack DIR and -o" in capsys.readouterr().err


def test_the_smallest_board_that_fits_is_built_for(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = [b for b in list_boards() if b.name in ("stm32f746", "nucleo-f446re", "mps2-an386")]
    found = fitting_boards(built / "model.tflite", boards)
    assert [f.board for f in found] == ["nucleo-f446re", "stm32f746", "mps2-an386"]
    assert [f.built for f in found] == [True, False, False]
    assert all(f.fits for f in found)
    assert found[0].flash > found[1].flash > 0
    small = found[0]
    assert small.flash <= small.flash_size
    monkeypatch.setattr("qmcu.board.list_boards", lambda: boards[:0])
    assert run(["boards", "--fits", str(built / "model.tflite")]) == 1
