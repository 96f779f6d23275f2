"""`qmcu boards`: what boards there are."""

import rich_click as click


@click.command("boards")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(as_json: bool) -> None:
    """List the boards: core, memories and the emulators that run their image."""
    from qmcu.board import list_boards
    from qmcu.documents import to_json
    from qmcu.report.boards import boards_table
    from qmcu.report.console import show

    boards = list_boards()
    if as_json:
        click.echo(to_json({"boards": [board.to_dict() for board in boards]}), nl=False)
    else:
        show(boards_table(boards))
