"""The option --on, alike in every command."""

from collections.abc import Callable
from typing import Any

import rich_click as click

from qmcu.errors import UsageError


class TargetName(click.ParamType[str]):
    """A target, refused before any work is done when it is none."""

    name = "TARGET"

    def __init__(self, boards: bool) -> None:
        self._boards = boards

    def convert(self, value: Any, param: Any, context: Any) -> str:
        """The target itself."""
        from qmcu.device.targets import EMULATORS, check_target

        if not self._boards and value not in EMULATORS:
            self.fail(f"{value!r} is no emulator; take {', '.join(EMULATORS)}.", param, context)
        try:
            check_target(value)
        except UsageError as error:
            self.fail(str(error), param, context)
        return str(value)


def on_option(*, boards: bool = True) -> Callable[[Any], Any]:
    """--on; without `boards` only emulators are taken."""
    help_text = (
        "unicorn, qemu, renode, or a board: serial:PORT, serial:auto, labgrid:PLACE "
        "[default: an emulator]."
        if boards
        else "Emulator: unicorn, qemu, renode [default: the board's]."
    )
    return click.option("--on", "target", type=TargetName(boards), help=help_text)
