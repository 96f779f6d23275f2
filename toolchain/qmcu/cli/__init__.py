"""The command line: one short file per subcommand, each a thin shell over a library function.

Arguments come in, text and an exit code go out. Only this folder and `report` print. `main` is
what `qmcu.__main__` starts; an error of `qmcu.errors` becomes one sentence on standard error.
"""

from qmcu.cli.main import main, run

__all__ = ["main", "run"]
