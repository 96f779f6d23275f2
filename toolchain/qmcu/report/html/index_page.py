"""The reports of one folder: a page that lists them, and links from each to the others."""

import re
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote

from qmcu.errors import UsageError
from qmcu.files import write_atomic
from qmcu.report.html.blocks import Cell, Page, Section, Table
from qmcu.report.html.render import write_page

INDEX = "index.html"
_PLACE = re.compile(r"<!--reports-->.*?<!--/reports-->", re.DOTALL)
_KIND = re.compile(r'<p class="kind">qmcu (.*?)</p>')
_HEADING = re.compile(r'<h1>(.*?)(?: <span class="badge \w+">(.*?)</span>)?</h1>')
_SUMMARY = re.compile(r'<p class="summary">(.*?)</p>', re.DOTALL)


@dataclass(frozen=True)
class Report:
    """A page that qmcu wrote: its file, kind, title, verdict ("" without) and first sentence."""

    path: Path
    kind: str
    title: str
    status: str
    summary: str


def find_reports(directory: Path) -> tuple[Report, ...]:
    """Pages of qmcu below `directory`, by file name; others are left alone.

    Raises UsageError when there is none, or one cannot be read.
    """
    reports = []
    for path in sorted(directory.rglob("*.html")):
        if path == directory / INDEX:
            continue
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read: {error}.") from error
        kind, heading, summary = (p.search(text) for p in (_KIND, _HEADING, _SUMMARY))
        if kind and heading and summary and _PLACE.search(text):
            words = (kind[1], heading[1], heading[2] or "", summary[1])
            reports.append(Report(path, *map(unescape, words)))
    if not reports:
        raise UsageError(f"{directory} holds no report of qmcu (.html); `--html` writes them.")
    return tuple(reports)


def write_index(directory: Path) -> Path:
    """Write index.html, and in each report links to all of them; the same again changes nothing."""
    reports = find_reports(directory)
    for report in reports:
        text = report.path.read_text()
        fresh = _PLACE.sub(lambda _, r=report: _links(r, reports, directory), text, count=1)  # type: ignore[misc]
        if fresh != text:
            write_atomic(report.path, fresh)
    path = directory / INDEX
    write_page(_page(reports, directory), path)
    return path


def _links(own: Report, reports: tuple[Report, ...], directory: Path) -> str:
    up = "../" * len(own.path.parent.relative_to(directory).parts)
    items = [f'<li><a href="{up}{INDEX}">all reports</a></li>']
    for report in reports:
        label = escape(f"{report.kind}: {report.title}")
        if report.path == own.path:
            items.append(f'<li aria-current="page">{label}</li>')
        else:
            address = up + _address(report, directory)
            items.append(f'<li><a href="{escape(address)}">{label}</a></li>')
    links = "\n".join(items)
    return f'<!--reports--><nav aria-label="Reports"><ul>\n{links}\n</ul></nav><!--/reports-->'


def _address(report: Report, directory: Path) -> str:
    return quote(report.path.relative_to(directory).as_posix())


def _page(reports: tuple[Report, ...], directory: Path) -> Page:
    rows = tuple(
        (Cell(r.title, link=_address(r, directory)), Cell(r.kind), Cell(r.status), Cell(r.summary))
        for r in reports
    )
    table = Table("By file name", ("report", "kind", "verdict", "in short"), rows)
    return Page(
        kind="index",
        title="Reports",
        status=None,
        summary=f"{len(reports)} reports.",
        stats=(),
        sections=(Section("All reports", "", (table,)),),
        provenance=(("reports", ", ".join(_address(r, directory) for r in reports)),),
    )
