"""`qmcu doctor`: what is installed, what is missing."""

import rich_click as click

from qmcu.cli.options import declare, print_json_option


@declare("doctor")
@print_json_option
def command(as_json: bool) -> None:
    """Show which compiler, emulators and probes are here, and how to get what is missing."""
    from qmcu.doctor import examine, missing
    from qmcu.documents import to_json
    from qmcu.errors import ToolError
    from qmcu.report.console import show
    from qmcu.report.doctor import doctor_table

    findings = examine()
    if as_json:
        click.echo(to_json({"findings": findings}), nl=False)
    else:
        show(doctor_table(findings))
    lacking = missing(findings)
    if lacking:
        raise ToolError(
            "missing for build and test: "
            + "; ".join(f"{need.name} ({need.get})" for need in lacking)
            + "."
        )
