"""`qmcu shelf`: the boards of a shelf, and commands that have one to themselves."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare, declare_group

FILE = click.argument("file", type=PATH)


@declare_group("shelf")
def command() -> None:
    """Boards on a shelf, one job at a time on each."""


@declare("list", command)
@FILE
def listing(file: Path) -> None:
    """The boards in the shelf FILE, and who has them now."""
    from qmcu.report.boards import shelf_table
    from qmcu.report.console import show
    from qmcu.shelf import holder_of, is_free, load_shelf

    boards = load_shelf(file)
    states = [str(holder_of(b) or ("free" if is_free(b) else "held")) for b in boards]
    show(shelf_table(boards, states))


@declare("run", command, context_settings={"ignore_unknown_options": True})
@FILE
@click.option("--board", help="Its name on the shelf, or its kind [default: any].")
@click.option("--firmware", type=PATH, help="Flash this directory first.")
@click.option("--timeout", "timeout_s", type=float, default=600.0, show_default=True,
              help="Seconds to wait for a free board.")  # fmt: skip
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED)
def run(
    file: Path, board: str | None, firmware: Path | None, timeout_s: float, words: tuple[str, ...]
) -> int:
    """Run a command (after --) while no other job has the board of the shelf FILE.

    It finds the board in QMCU_TARGET, QMCU_BOARD, QMCU_NAME and QMCU_PORT. Its exit code is the
    command's.
    """
    import os

    from qmcu.errors import ToolError
    from qmcu.report.console import say
    from qmcu.shelf import Device, environment, lease, load_shelf, lock_of, matching, run_group

    boards = matching(load_shelf(file), board)
    with lease(boards, timeout_s, lambda whom: say(f"waiting: {whom}")) as chosen:
        say(f"has {chosen}")
        if firmware is not None:
            with Device(chosen, firmware) as device:
                say(f"answers: {device.session.hello}")
        try:
            told = {**os.environ, **environment(chosen, firmware)}
            code, _ = run_group(words, told, lock=lock_of(chosen))
            return code if code >= 0 else 128 - code
        except OSError as error:
            raise ToolError(f"cannot run {words[0]}: {error.strerror}.") from error
