"""`qmcu serve`: an emulated board behind a pseudo-terminal."""

import signal
from pathlib import Path
from typing import Any

import rich_click as click

from qmcu.cli.options import PATH, declare
from qmcu.cli.targets import on_option

# How long a firmware may compute without a word, in seconds.
LONGEST_S = 3600.0


@declare("serve")
@click.argument("directory", type=PATH)
@on_option(boards=False)
@click.option("--link", type=PATH, help="Make this symbolic link to the port.")
@click.option(
    "--count/--no-count", default=True, show_default=True,
    help="Let unicorn count instructions, at a thirtieth of its speed; QEMU always counts.",
)  # fmt: skip
def command(directory: Path, target: str | None, link: Path | None, count: bool) -> None:
    """Run the firmware in DIRECTORY and put its UART behind a pseudo-terminal.

    Other programs use it as a board on a serial port: `qmcu test --on serial:PORT`, the runner of
    MLPerf Tiny. Signal USR1 resets it, with the image that is then in DIRECTORY; Ctrl-C or TERM
    ends it.
    """
    from qmcu.device.pty import Port, refuse_without_terminals, serve
    from qmcu.device.targets import open_link
    from qmcu.firmware import Firmware
    from qmcu.report.console import show

    refuse_without_terminals()
    caught: list[int] = []

    def catch(number: int, frame: Any) -> None:
        caught.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, catch)
    board = Firmware.load_all(directory)[0].board
    target = target or (board.emulators[0] if board.emulators else "unicorn")
    with Port(link) as port:
        while True:
            # Another image may be there after a reset.
            device = open_link(target, Firmware.load_all(directory)[0], timeout_s=LONGEST_S)
            try:
                device.counting(count)
                place = f"{link} ({port.path})" if link is not None else port.path
                show(f"{board.name} on {device.name} at {place}")
                serve(device, port, lambda: not caught)
            finally:
                device.close()
            if any(number != signal.SIGUSR1 for number in caught):
                return
            caught.clear()
            click.echo("reset: ", nl=False)
