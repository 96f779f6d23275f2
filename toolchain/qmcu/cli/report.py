"""`qmcu report`: flash and RAM of a build."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from qmcu.cli.options import PATH, declare, html_option, json_option

if TYPE_CHECKING:
    from qmcu.firmware import Firmware


@declare("report")
@click.argument("directory", type=PATH)
@json_option
@html_option()
def command(directory: Path, json_file: Path | None, html_file: Path | None) -> None:
    """Flash and RAM of the firmware in DIRECTORY, every byte once.

    Of an image of several models it is the whole image's; DIRECTORY/models/NAME is what serves one.
    """
    from qmcu.builder.savings import memory_document
    from qmcu.firmware import Firmware
    from qmcu.report.console import show
    from qmcu.report.json_file import write_json
    from qmcu.report.memory import memory_tables
    from qmcu.report.plan import plan_lines

    loaded = Firmware.load_all(directory)
    firmware = loaded[0]
    if len(loaded) > 1:
        _show_all(directory, loaded, json_file, html_file)
        return
    # What is not described here is refused.
    _ = firmware.image
    plan, report = firmware.plan, firmware.memory
    if json_file is not None:
        write_json(memory_document(plan, report), json_file)
    if html_file is not None:
        from qmcu.report.html import write_page
        from qmcu.report.html.build_page import build_page

        write_page(build_page(plan, report), html_file)
    show(*memory_tables(report), *plan_lines(plan))


def _show_all(
    directory: Path, loaded: "Sequence[Firmware]", json_file: Path | None, html_file: Path | None
) -> None:
    """The report of an image of several models, and what serves each."""
    from qmcu.builder.memory import MemoryReport
    from qmcu.errors import UsageError
    from qmcu.firmware import load_memory
    from qmcu.report.console import show
    from qmcu.report.json_file import write_json
    from qmcu.report.memory import memory_tables, models_table

    if html_file is not None:
        raise UsageError(f"--html is of one model; take {loaded[0].directory} or another of them.")
    _ = loaded[0].image
    report: MemoryReport = load_memory(directory)
    if json_file is not None:
        write_json(report, json_file)
    show(*memory_tables(report), models_table([firmware.memory for firmware in loaded]))
