"""Keywords for Robot Framework: a firmware directory on Renode, as renode/qmcu.robot uses them.

Renode's own keywords run the emulation; these say what to load, then talk with the firmware over
the UART's TCP port and compare what comes back.
"""

import socket
from pathlib import Path

from qmcu.comparison.result import vector_name
from qmcu.device.renode_script import board_commands, platform_file
from qmcu.device.session import Session
from qmcu.device.targets import open_session
from qmcu.errors import CheckFailedError, UsageError
from qmcu.firmware import Firmware
from qmcu.model.vectors import load_vectors, random_vectors

_RANDOM = 10


class BoardKeywords:
    """One board at a time; errors are told in qmcu's own sentences."""

    ROBOT_LIBRARY_SCOPE = "TEST"

    def __init__(self) -> None:
        self._firmware: Firmware | None = None
        self._port = 0
        self._session: Session | None = None

    def board_commands(self, directory: str) -> list[str]:
        """The monitor's commands that load the image of a firmware directory."""
        self._firmware = Firmware.load(Path(directory).absolute())
        board = self._firmware.board
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        return board_commands(board, platform_file(board), self._firmware.elf, self._port)

    def open_board(self) -> str:
        """Shake hands; model and build must be those of the directory. What HELLO said."""
        target = f"serial:socket://127.0.0.1:{self._port}"
        self._session = open_session(target, self._built)
        return str(self._session.hello)

    def close_board(self) -> None:
        """End the conversation; harmless when there is none."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def outputs_should_be_equal(self, vectors: str = "") -> int:
        """Run a vector file, random inputs without one; how many were equal, which must be all."""
        graph, content = self._built.model
        if vectors:
            chosen = load_vectors(Path(vectors), graph)
        else:
            chosen = random_vectors(graph, content, _RANDOM, seed=0)
        for index in range(len(chosen)):
            if index % chosen.steps == 0:
                self._open.reset()
            result = self._open.infer([a[index] for a in chosen.inputs])
            for expected, found in zip(chosen.expected, result.outputs, strict=True):
                if expected[index].tobytes() != found:
                    where = vector_name(index, chosen.steps)
                    raise CheckFailedError(f"{where}: the outputs differ.")
        return len(chosen)

    def vectors_should_be_triggered(self, vectors: str) -> None:
        """Fail unless every input of the file is tagged as triggered."""
        graph = self._built.model.graph
        triggered = load_vectors(Path(vectors), graph).triggered
        if triggered is None or not triggered.all():
            raise CheckFailedError(
                f"{vectors} has inputs without a trigger; `qmcu trigger apply` makes them."
            )

    def profiled_instructions(self) -> int:
        """Instructions of one counted inference; each layer must have taken some."""
        profile = self._open.profile([bytes(size) for size in self._open.hello.inputs])
        if not profile.total or not all(profile.layers):
            raise CheckFailedError(f"a layer counted nothing: {profile.layers} ({profile.how}).")
        if sum(profile.layers) != profile.total:
            raise CheckFailedError(f"the layers' {profile.layers} are not the total.")
        return profile.total

    @property
    def _built(self) -> Firmware:
        if self._firmware is None:
            raise UsageError("no firmware yet: Board Commands come first.")
        return self._firmware

    @property
    def _open(self) -> Session:
        if self._session is None:
            raise UsageError("no board is open; use Open Board first.")
        return self._session
