"""`qmcu report`: flash and RAM of a build."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare, html_option, json_option


@declare("report")
@click.argument("directory", type=PATH)
@json_option
@html_option()
def command(directory: Path, json_file: Path | None, html_file: Path | None) -> None:
    """Flash and RAM of the firmware in DIRECTORY, every byte once."""
    from qmcu.builder.savings import memory_document
    from qmcu.firmware import Firmware
    from qmcu.report.console import show
    from qmcu.report.json_file import write_json
    from qmcu.report.memory import memory_tables
    from qmcu.report.plan import plan_lines

    firmware = Firmware.load(directory)
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
