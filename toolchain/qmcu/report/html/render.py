"""A Page as HTML text, by the templates beside this file."""

from functools import cache
from pathlib import Path

import jinja2

import qmcu
from qmcu.files import write_atomic
from qmcu.report.html.blocks import Page, Series
from qmcu.report.html.treemap import laid_out

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def render_page(page: Page) -> str:
    """The page as one HTML document: everything inline, nothing loaded, no scripts."""
    return _environment().get_template("page.html.j2").render(page=page, version=qmcu.__version__)


def write_page(page: Page, path: Path) -> None:
    """Write the page whole or not at all. Raises UsageError when that fails."""
    write_atomic(path, render_page(page))


def outline(series: Series, top: float, width: float, height: float) -> str:
    """The SVG path of a histogram's steps in a box of `width` x `height`, bins side by side."""
    bins = len(series.counts)
    step = width / max(1, bins)
    parts = [f"M0 {height:.1f}"]
    for i, share in enumerate(series.shares):
        y = height - height * share / top
        parts.append(f"L{i * step:.1f} {y:.1f}L{(i + 1) * step:.1f} {y:.1f}")
    return "".join([*parts, f"L{width:.1f} {height:.1f}Z"])


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.globals["outline"] = outline
    environment.globals["laid_out"] = laid_out
    return environment
