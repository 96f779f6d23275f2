"""Builds with the qmcu of one checkout: a script, for `qmcu` is whatever PYTHONPATH says.

Standard input holds a JSON list of jobs, each the arguments of `qmcu` and a folder last. A line of
JSON comes out for each: its place in the list, the exit code and what was said on standard error.
"""

import contextlib
import io
import json
import sys


def main() -> None:
    """Build all jobs, one after the other."""
    # Only the command line stays the same from one version to the next.
    from qmcu.cli import run

    for place, arguments in enumerate(json.load(sys.stdin)):
        said = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            code = run(arguments)
        print(json.dumps([place, code, said.getvalue()]), flush=True)


if __name__ == "__main__":
    main()
