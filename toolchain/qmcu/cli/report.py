"""`qmcu report`: flash and RAM of a build."""

from pathlib import Path

import rich_click as click


@click.command("report")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write JSON here too.")
def command(directory: Path, json_file: Path | None) -> None:
    """Flash and RAM of the firmware in DIRECTORY, every byte once."""
    from qmcu.build import load_build
    from qmcu.report.console import show
    from qmcu.report.json_file import write_json
    from qmcu.report.memory import memory_tables
    from qmcu.report.plan import plan_lines

    plan, _, report = load_build(directory)
    if json_file is not None:
        write_json(report.to_dict(), json_file)
    show(*memory_tables(report), *plan_lines(plan))
