"""Results in, one self-contained HTML page out: no network, no scripts, light and dark, printable.

`blocks` is what a page is made of, as plain data; `sections` turns results of the lab into blocks;
`render_page` turns a Page into text. A new report is one function that returns a Page.
"""

from qmcu.report.html.blocks import (
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
    Tile,
    Tone,
    Treemap,
)
from qmcu.report.html.render import render_page, write_page

__all__ = [
    "Bar",
    "Bars",
    "Cell",
    "Dot",
    "Gallery",
    "Histogram",
    "Page",
    "Picture",
    "Scatter",
    "Section",
    "Series",
    "Stack",
    "Stacks",
    "Stat",
    "Status",
    "Table",
    "Text",
    "Tile",
    "Tone",
    "Treemap",
    "render_page",
    "write_page",
]
