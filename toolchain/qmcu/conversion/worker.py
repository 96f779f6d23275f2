"""The converter's process: opens the file, tells its inputs, converts, and ends.

Started by `qmcu.conversion.process` as `python -m qmcu.conversion.worker FOLDER DESCRIPTOR`. It
gives up its rights before anything is imported that starts threads. One answer a message, both
JSON: first the inputs in the model's own order, then the names of the files it wrote in FOLDER.
"""

import json
import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from qmcu.conversion.confine import confine, end_with_parent
from qmcu.tensorflow import leave_out_keras_extras


def main() -> None:
    """Serve the two messages on the given descriptor."""
    end_with_parent()
    folder = Path(sys.argv[1])
    channel: Connection[Any, Any] = Connection(int(sys.argv[2]))
    request = json.loads(channel.recv_bytes())
    if request["confined"]:
        confine(folder)
    leave_out_keras_extras()
    answer_errors(channel, folder, request)


def answer_errors(channel: "Connection[Any, Any]", folder: Path, request: dict[str, Any]) -> None:
    """Serve the request; what the user did wrong is an answer as well."""
    from qmcu.errors import QmcuError

    try:
        _serve(channel, folder, request)
    except QmcuError as error:
        _answer(channel, {"error": str(error), "kind": type(error).__name__})


def _serve(channel: "Connection[Any, Any]", folder: Path, request: dict[str, Any]) -> None:
    """Open the request's source, tell what it takes, and convert it when told how."""
    from qmcu.conversion.sources import open_source

    source = open_source(Path(request["source"]), folder, request)
    _answer(
        channel,
        {
            "inputs": [[s.name, list(s.shape), s.dtype] for s in source.inputs],
            "notes": list(source.notes),
            "quantized": source.quantized,
        },
    )
    order = json.loads(channel.recv_bytes())
    _answer(channel, source.convert(order))


def _answer(channel: "Connection[Any, Any]", message: dict[str, Any]) -> None:
    channel.send_bytes(json.dumps(message).encode())


if __name__ == "__main__":
    # Libraries print as they like; what is to be read goes through the channel.
    os.dup2(2, 1)
    main()
