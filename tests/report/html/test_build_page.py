import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from tests.conftest import REPOSITORY
from tests.firmware_project import build_chain
from tests.report.html.pages import check_page

from qmcu.board import list_boards
from qmcu.build import load_build
from qmcu.build.fits import fitting_boards
from qmcu.build.savings import layer_uses
from qmcu.cli import run
from qmcu.report.html import Tile, Treemap, render_page
from qmcu.report.html.build_page import build_page
from qmcu.report.html.treemap import laid_out


def fits(document: Path, schema: str) -> None:
    found = json.loads((REPOSITORY / "docs/schema" / f"{schema}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    jsonschema.validate(json.loads(document.read_text()), found)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_chain(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def pages(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages of a build and of a test, and their index."""
    folder = tmp_path_factory.mktemp("pages")
    html, document = folder / "build.html", folder / "memory.json"
    assert run(["report", str(built), "--html", str(html), "--json", str(document)]) == 0
    (folder / "below").mkdir()
    html, document = folder / "below" / "test run.html", folder / "test.json"
    arguments = ["test", str(built), "--on", "unicorn", "--random", "2", "--jobs", "1"]
    assert run([*arguments, "--html", str(html), "--json", str(document)]) == 0
    assert run(["html", "--index", str(folder)]) == 0
    return folder


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


def test_layers_take_what_the_report_says(built: Path) -> None:
    plan, _, report = load_build(built)
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
    plan, _, report = load_build(built)
    page = check_page(render_page(build_page(plan, report)))
    tiles = page.all("rect")
    assert len(tiles) == sum(1 for e in report.entries if e.size)
    area = sum(float(a["width"] or 0) * float(a["height"] or 0) for a in tiles)
    assert area == pytest.approx(2 * 800 * 400, rel=1e-3)
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


# The real browser.


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    import shutil
    import tempfile

    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    with tempfile.TemporaryDirectory() as profile:
        for flag in (
            "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
            "disable-background-networking", "disable-component-update", "disable-sync",
            "disable-dev-shm-usage", f"user-data-dir={profile}",
        ):  # fmt: skip
            options.add_argument(f"--{flag}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        found = webdriver.Chrome(options, webdriver.ChromeService(driver))
        try:
            yield found
        finally:
            found.quit()


def media(browser, kind: str, scheme: str) -> None:  # type: ignore[no-untyped-def]
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": features})


def style(browser, selector: str, name: str) -> str:  # type: ignore[no-untyped-def]
    script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    return str(browser.execute_script(script, selector, name))


def requested(browser) -> set[str]:  # type: ignore[no-untyped-def]
    """What was loaded; the first tab is the browser's own, and data: is in the page."""
    entries = browser.get_log("performance")
    messages = [json.loads(entry["message"])["message"] for entry in entries]
    urls = {
        m["params"]["request"]["url"]
        for m in messages
        if m["method"] == "Network.requestWillBeSent"
    }
    return {url for url in urls if not url.startswith(("chrome://", "data:"))}


def test_a_browser_shows_it_and_follows_its_links(browser, pages: Path) -> None:  # type: ignore[no-untyped-def]
    browser.get_log("performance")
    browser.get((pages / "index.html").as_uri())
    browser.find_element("link text", "chain on stm32f746").click()
    assert browser.current_url.endswith("/test%20run.html")
    browser.find_element("partial link text", "build: chain").click()
    assert browser.current_url.endswith("/build.html")
    browser.find_element("link text", "Layers").click()
    assert browser.current_url.endswith("#layers")
    assert browser.execute_script("return document.querySelector('#layers').offsetTop") > 0
    # Only the pages themselves were loaded, and nothing complained.
    wanted = {(pages / name).as_uri() for name in ("index.html", "build.html")}
    assert requested(browser) == wanted | {(pages / "below" / "test run.html").as_uri()}
    assert browser.get_log("browser") == []
    assert all(
        tile.size["width"] > 0 for tile in browser.find_elements("css selector", ".treemap svg")
    )
    for table in browser.find_elements("css selector", "table"):
        assert table.find_elements("css selector", "thead th")
        assert table.find_elements("css selector", "caption")
    # Nothing is wider than the page but what scrolls by itself.
    script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(script) <= 0


def test_dark_mode_and_paper_apply(browser, pages: Path) -> None:  # type: ignore[no-untyped-def]
    browser.get((pages / "build.html").as_uri())
    media(browser, "screen", "light")
    light = style(browser, "body", "backgroundColor")
    media(browser, "screen", "dark")
    assert style(browser, "body", "backgroundColor") != light
    assert style(browser, "nav", "display") != "none"
    media(browser, "print", "light")
    assert style(browser, "nav", "display") == "none"
    assert style(browser, ".chart", "overflow") == "visible"
    media(browser, "", "light")
