"""The `qmcu` command: finding subcommands, and turning errors into sentences and exit codes."""

import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import rich_click as click
from click.exceptions import Exit

import qmcu
from qmcu.errors import QmcuError, UsageError
from qmcu.extras import missing_package, optional_package
from qmcu.scratch import remove_left_over
from qmcu.tensorflow import leave_out_keras_extras
from qmcu.text import nearest, printable

COMMANDS = (
    "init", "convert", "inspect", "vectors", "build", "export", "report", "test", "flash",
    "validate", "serve", "bench", "tune",
    "trigger", "attack", "audit", "defend", "verify", "html",
    "sign", "trust", "evidence", "monitor",
    "frontier", "size", "boards", "shelf", "doctor",
)  # fmt: skip
EXIT_INTERRUPTED = 130
EXIT_BAD_INPUT = 2

# As markup, rich would take [default: 20] and [convert] for styles and leave them out.
click.rich_click.TEXT_MARKUP = None
click.rich_click.SHOW_ARGUMENTS = True


class Interrupted(Exception):
    """Ctrl-C, on its way past click, which would print an empty line."""


class LazyGroup(click.RichGroup):
    """A group that imports a subcommand's module only when it is used: start-up stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands in the order in which a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand. Raises UsageError, with the nearest names, when there is none."""
        if cmd_name not in COMMANDS:
            near = nearest(cmd_name, COMMANDS)
            raise UsageError(f"there is no command {cmd_name!r}{near}; `qmcu --help` lists them.")
        command = importlib.import_module(f"qmcu.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand. Raises Interrupted on Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted from None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: qmcu build model.tflite --board stm32f746 -o firmware",
)
@click.version_option(qmcu.__version__, prog_name="qmcu")
def cli() -> None:
    """Integer neural networks on Cortex-M, byte for byte."""


# What pathlib says of a path that it cannot resolve, before its name.
_LOOP = "Symlink loop from "


def main() -> None:
    """Run the command line and exit with its code."""
    leave_out_keras_extras()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; never raises for a user's mistake.

    0 done, 1 a check failed, 2 bad input or an environment that cannot do it, 130 interrupted.
    """
    _make_streams_safe()
    remove_left_over()
    debug = os.environ.get("QMCU_DEBUG") == "1"
    try:
        result = cli.main(args=list(arguments), prog_name="qmcu", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except Exit as error:
        return int(error.exit_code)
    except click.ClickException as error:
        error.show()
        return EXIT_BAD_INPUT
    except (Interrupted, KeyboardInterrupt, click.Abort):
        return _complain(["interrupted."], EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has left (`qmcu ... | head`): no message would arrive.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BAD_INPUT
    except QmcuError as error:
        if debug:
            raise
        return _complain(error.lines, error.exit_code)
    except OSError as error:
        if debug:
            raise
        return _complain([_os_error(error)], EXIT_BAD_INPUT)
    except Exception as error:
        if debug:
            raise
        if isinstance(error, RuntimeError) and str(error).startswith(_LOOP):
            return _complain([f"{str(error)[len(_LOOP) :]} is a link that leads to itself."],
                             EXIT_BAD_INPUT)  # fmt: skip
        if isinstance(error, ImportError) and optional_package(error.name or ""):
            lacking = missing_package(error.name or "", f"qmcu {' '.join(arguments[:1])}")
            return _complain(lacking.lines, lacking.exit_code)
        return _complain(
            [
                f"internal error, {type(error).__name__}: {error}. This is a bug in qmcu; "
                "QMCU_DEBUG=1 shows where."
            ],
            EXIT_BAD_INPUT,
        )


def _complain(lines: Sequence[str], exit_code: int) -> int:
    for number, text in enumerate(lines):
        prefix = "" if number else "qmcu: "
        print(prefix + printable(text, None), file=sys.stderr)
    return exit_code


def _make_streams_safe() -> None:
    """Let a terminal that cannot show a character get its escape, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _os_error(error: OSError) -> str:
    place = f" {error.filename}" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"the disk is full, cannot write{place}; free some space and run it again."
    return f"cannot use{place}: {error.strerror or error}."
