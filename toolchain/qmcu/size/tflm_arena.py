"""A program of its own: what tflite-micro's interpreter allocates for a model, as JSON.

The interpreter writes its record to standard error from C++, and may abort on a model it does not
like; both are kept here, away from the process that asks.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    """Argument: a .tflite file. Its allocations are printed by the interpreter itself."""
    from tflite_micro import runtime

    content = Path(sys.argv[1]).read_bytes()
    problem = ""
    for size in (1 << n for n in range(18, 28, 2)):
        try:
            interpreter = runtime.Interpreter.from_bytes(content, arena_size=size)
        except (RuntimeError, ValueError) as error:
            problem = str(error)
            continue
        interpreter.print_allocations()
        return
    print(json.dumps({"problem": problem}))


if __name__ == "__main__":
    main()
