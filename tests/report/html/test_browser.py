"""Every kind of page in a real browser: opened, clicked through, looked at in light and dark."""

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.frontiers import frontier
from tests.support.model_files import make, safetensors_bytes
from tests.support.schemas import checked
from tests.support.short_audit import shorten_audits
from tests.support.weights import rounded, weights

from qmcu.backdoor.attacks.folder import write_attack
from qmcu.backdoor.attacks.run import AttackRun
from qmcu.backdoor.detectors import settling
from qmcu.cli import run
from qmcu.report.html import write_page
from qmcu.report.html.frontier_page import frontier_page

KINDS = ("index", "build", "test", "size", "sizes", "verify", "audit", "frontier")
# Text whose colour is too near to its background's, by WCAG 2.1.
CONTRAST = """
const linear = x => x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4;
const lum = c => { const v = c.map(x => linear(x / 255));
  return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
const rgb = s => (s.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
const back = e => { for (; e; e = e.parentElement) {
  const c = rgb(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
const found = [];
for (const e of document.querySelectorAll('body *:not(svg *):not(.skip)')) {
  if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
  const a = lum(rgb(getComputedStyle(e).color).slice(0, 3)), b = lum(back(e));
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  const text = e.textContent.trim().slice(0, 30);
  if (ratio < 4.5) found.push(e.tagName + ' ' + e.className + ': ' + text + ' ' + ratio);
}
return found;
"""
# What is wider than its box, and so would be cut off or need scrolling.
TOO_WIDE = """
return [...document.querySelectorAll('html, .scroll, .chart')]
  .filter(e => e.scrollWidth > e.clientWidth + 1)
  .map(e => e.tagName + ' ' + (e.querySelector('caption, figcaption') || {}).textContent
    + ': ' + e.scrollWidth + ' > ' + e.clientWidth);
"""
# Labels of a treemap or plot that stand over the edge of their picture or tile.
OUTSIDE = """
return [...document.querySelectorAll('svg text')].filter(t => {
  const own = t.getBoundingClientRect(), svg = t.ownerSVGElement.getBoundingClientRect();
  const inTile = t.classList.contains('treetext');
  const tile = inTile ? t.previousElementSibling.getBoundingClientRect() : svg;
  return own.left < svg.left - 1 || own.right > Math.min(svg.right, tile.right) + 1
    || own.top < svg.top - 1 || own.bottom > svg.bottom + 1; }).map(t => t.textContent);
"""


@pytest.fixture(scope="module")
def reports(
    attacked: AttackRun, pages: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A folder with a report of every kind, linked; the paths by kind."""
    folder = tmp_path_factory.mktemp("reports")
    attack, firmware = folder / "attack", str(folder / "firmware")
    write_attack(attacked, attack)
    for name in ("build.html", "below/test run.html"):
        shutil.copy(pages / name, folder / Path(name).name)
    keras, model = str(attack / "model.keras"), str(attack / "model.tflite")
    assert run(["build", model, "--board", "stm32f746", "-o", firmware]) == 0
    assert run(["verify", firmware, "--trigger", str(attack / "trigger.json"), "--vectors",
                str(attack / "test.npz"), "--float", keras, "--limit", "40", "--jobs", "1",
                "--json", str(folder / "verify.json"),
                "--html", str(folder / "verify.html")]) in (0, 1)  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        # Findings near the line are not made again: a page shows one look as well.
        patch.setattr(settling, "LOOKS", 1)
        shorten_audits(patch, "clipping-inversion")
        assert run(["audit", "--float", keras, "--int8", model, "--json",
                    str(folder / "audit.json"), "--data", str(attack / "calibration.npz"),
                    "--html", str(folder / "audit.html")]) in (0, 1)  # fmt: skip
    w = rounded(weights(64, 128), 4, "float16", symmetric=False).astype(np.float16)
    fake = folder / "fake.safetensors"
    fake.write_bytes(safetensors_bytes({"layer.weight": w, "n.bias": np.ones(8, np.float32)}))
    assert run(["size", str(fake), "--html", str(folder / "size.html")]) == 0
    two = make(folder)
    assert run(["size", str(two["npz"]), str(two["tflite"]), "--html",
                str(folder / "sizes.html")]) == 0  # fmt: skip
    write_page(frontier_page(frontier()), folder / "frontier.html")
    assert run(["html", "--index", str(folder)]) == 0
    found = {kind: folder / f"{kind}.html" for kind in KINDS}
    return found | {"test": folder / "test run.html"}


def test_results_of_the_lab_fit_their_schemas(reports: dict[str, Path]) -> None:
    folder = reports["verify"].parent
    checked(folder / "attack/attack.json", "attack-1")
    assert len(checked(folder / "verify.json", "verify-1")["measurements"]) == 3
    assert checked(folder / "audit.json", "audit-1")["findings"]


def look(browser: Any, media: str, scheme: str, width: int) -> None:
    """As which kind of medium, colour scheme and window the page is shown from now on."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    window = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", window)


def style(browser: Any, selector: str, name: str) -> str:
    script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    return str(browser.execute_script(script, selector, name))


def requested(browser: Any) -> set[str]:
    """What was loaded; the first tab is the browser's own, and data: is in the page."""
    entries = browser.get_log("performance")
    messages = [json.loads(entry["message"])["message"] for entry in entries]
    urls = {
        m["params"]["request"]["url"]
        for m in messages
        if m["method"] == "Network.requestWillBeSent"
    }
    return {url for url in urls if not url.startswith(("chrome://", "data:"))}


def show(browser: Any, page: Path) -> None:
    """Open the page, which must load nothing else and complain about nothing."""
    look(browser, "screen", "light", 1100)
    requested(browser)
    browser.get_log("browser")
    browser.get(page.as_uri())
    assert requested(browser) == {page.as_uri()}
    assert browser.get_log("browser") == []


def all_of(browser: Any, selector: str) -> list[Any]:
    return list(browser.find_elements("css selector", selector))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_missing(browser: Any, reports: dict[str, Path], kind: str) -> None:
    show(browser, reports[kind])
    pictures = all_of(browser, "img, svg:not(.key svg)")
    assert all(p.size["width"] > 0 < p.size["height"] for p in pictures)
    assert browser.execute_script("return [...document.images].every(i => i.naturalWidth > 0)")
    for table in all_of(browser, "table"):
        assert table.find_element("tag name", "caption").text
        heads = [h.text for h in table.find_elements("css selector", "thead th")]
        rows = table.find_elements("css selector", "tbody tr")
        assert heads
        assert rows
        assert all(len(r.find_elements("css selector", "th, td")) == len(heads) for r in rows)
    assert browser.execute_script(OUTSIDE) == []
    for link in [e.text for e in all_of(browser, "nav[aria-label=Sections] a")]:
        browser.find_element("link text", link).click()
        anchor = browser.current_url.partition("#")[2]
        heading = browser.find_element("id", anchor)
        assert heading.text == link
        top = browser.execute_script("return arguments[0].getBoundingClientRect().top", heading)
        assert -1 < top < 900


@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_read_in_light_dark_and_on_paper(
    browser: Any, reports: dict[str, Path], kind: str
) -> None:
    show(browser, reports[kind])
    colours = {}
    for scheme in ("light", "dark"):
        look(browser, "screen", scheme, 1100)
        colours[scheme] = style(browser, "body", "backgroundColor")
        assert browser.execute_script(CONTRAST) == []
        assert browser.execute_script(TOO_WIDE) == []
    assert colours["light"] != colours["dark"]
    # On a telephone tables may scroll, the page may not.
    look(browser, "screen", "light", 400)
    assert not any(found.startswith("HTML") for found in browser.execute_script(TOO_WIDE))
    look(browser, "print", "light", 720)
    assert browser.execute_script(TOO_WIDE) == []
    assert all(style(browser, "nav", "display") == "none" for _ in all_of(browser, "nav"))
    look(browser, "", "light", 1100)


def test_reports_lead_to_each_other(browser: Any, reports: dict[str, Path]) -> None:
    show(browser, reports["index"])
    links = {e.get_attribute("href") for e in all_of(browser, "tbody th a")}
    assert links == {path.as_uri() for kind, path in reports.items() if kind != "index"}
    for kind, path in reports.items():
        if kind == "index":
            continue
        browser.get(reports["index"].as_uri())
        reference = path.relative_to(reports["index"].parent).as_posix().replace(" ", "%20")
        browser.find_element("css selector", f'a[href="{reference}"]').click()
        assert browser.current_url == path.as_uri()
        others = all_of(browser, "nav[aria-label=Reports] a")
        # All others, and the index; this page itself is text.
        assert {a.get_attribute("href") for a in others} == {
            other.as_uri() for name, other in reports.items() if name != kind
        }
        browser.find_element("link text", "all reports").click()
        assert browser.current_url == reports["index"].as_uri()


def test_pages_show_what_their_documents_hold(browser: Any, reports: dict[str, Path]) -> None:
    folder = reports["index"].parent
    show(browser, reports["audit"])
    audit = json.loads((folder / "audit.json").read_text())
    assert all_of(browser, "h1 .badge")[0].text == audit["verdict"]
    rows = [e.text for e in all_of(browser, "section[aria-labelledby=detectors] tbody th")]
    assert sorted(rows) == sorted(f["detector"] for f in audit["findings"])
    show(browser, reports["verify"])
    verify = json.loads((folder / "verify.json").read_text())
    assert all_of(browser, "h1 .badge")[0].text == verify["verdict"]
    assert len(all_of(browser, "img")) >= 3
    show(browser, reports["frontier"])
    points = frontier().points
    rows = [e.text for e in all_of(browser, "table")[0].find_elements("css selector", "tbody th")]
    assert rows == [p.title for p in points]
    for chart in all_of(browser, "figure.chart"):
        dots = chart.find_elements("css selector", "circle.dot")
        assert len(dots) == sum(p.flash is not None for p in points)
        # Side by side, so that none hides another.
        boxes = sorted(d.rect["x"] for d in dots)
        assert all(b - a > 8 for a, b in itertools.pairwise(boxes))
    assert "(host" in all_of(browser, "table")[0].text
    show(browser, reports["size"])
    assert all_of(browser, "h1 .badge")[0].text == "fake-quantized"
    assert "4-bit grid" in browser.find_element("tag name", "body").text
    show(browser, reports["sizes"])
    assert len(all_of(browser, ".memory svg")) >= 2
