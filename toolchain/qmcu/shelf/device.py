"""A firmware on a board: flashed and power-cycled as needed, then asked and checked."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from qmcu.closing import Closing
from qmcu.comparison import RunOptions, TestResult, run_vectors
from qmcu.device import InferResult, ProfileResult, Session, open_session
from qmcu.device.session import Inputs
from qmcu.errors import CheckFailedError, DeviceError, ToolError, WrongFirmwareError
from qmcu.firmware import Firmware
from qmcu.model.vectors import Vectors, load_vectors, random_vectors
from qmcu.shelf.description import ShelfBoard
from qmcu.shelf.hooks import flash_board, power_cycle

T = TypeVar("T")


class Device(Closing):
    """The firmware in `directory` on `board`; a context manager that closes the session.

    A board that runs another firmware is flashed, one that does not answer is power-cycled, each
    once for an opening and if the shelf has a command for it. `results` holds every check's result.
    """

    def __init__(self, board: ShelfBoard, directory: Path) -> None:
        self.board = board
        self.directory = directory
        self.results: list[TestResult] = []
        self._session: Session | None = None

    @cached_property
    def firmware(self) -> Firmware:
        """What the directory holds. Raises UsageError when it is no firmware."""
        return Firmware.load(self.directory)

    @property
    def session(self) -> Session:
        """The open session. Raises DeviceError when the board cannot be brought to answer."""
        if self._session is None:
            self._session = self._open()
        return self._session

    def infer(self, inputs: Inputs) -> InferResult:
        """Run one inference. Raises as Session.infer does."""
        return self._ask(lambda session: session.infer(inputs))

    def profile(self, inputs: Inputs) -> ProfileResult:
        """Run one inference and count each layer. Raises as Session.profile does."""
        return self._ask(lambda session: session.profile(inputs))

    def check(
        self, vectors: Path | Vectors | None = None, *, random: int = 20, seed: int = 0
    ) -> TestResult:
        """Compare every output byte on `vectors`, or on `random` inputs drawn by `seed`.

        Raises CheckFailedError that names the first difference and the first layer that differs.
        """
        __tracebackhide__ = True
        graph, content = self.firmware.model
        source = f"{random} random inputs, seed {seed}"
        if vectors is None:
            vectors = random_vectors(graph, content, random, seed=seed)
        elif isinstance(vectors, Path):
            vectors, source = load_vectors(vectors, graph), str(vectors)
        else:
            source = "given vectors"
        # Flashes if need be; then the port is free for the run's own session.
        _ = self.session
        self.close()
        result = run_vectors(self.firmware, self.board.target, vectors, source)
        if not result.passed:
            result = run_vectors(
                self.firmware, self.board.target, vectors, source, RunOptions(trace=True)
            )
        self.results.append(result)
        if not result.passed:
            found = (*result.differences[:1], *filter(None, (result.layer_difference,)))
            raise CheckFailedError(f"{result}: {'; first to differ: '.join(map(str, found))}.")
        return result

    def power_cycle(self) -> None:
        """Take the power away and give it back. Raises ToolError when the shelf cannot."""
        self.close()
        power_cycle(self.board)

    def close(self) -> None:
        """Close the session; the next question opens another one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _ask(self, question: Callable[[Session], T]) -> T:
        try:
            return question(self.session)
        except DeviceError:
            # A board that failed once gets a new session, and with it a new start.
            self.close()
            raise

    def _open(self) -> Session:
        remedies: dict[str, Callable[[], None]] = {}
        if self.board.flash:
            remedies["flash"] = lambda: flash_board(self.board, self.directory)
        if self.board.power_cycle:
            remedies["power_cycle"] = lambda: power_cycle(self.board)
        while True:
            try:
                return open_session(self.board.target, self.firmware)
            except DeviceError as error:
                wrong = isinstance(error, WrongFirmwareError)
                order = ("flash",) if wrong else ("power_cycle", "flash")
                remedy = next((name for name in order if name in remedies), None)
                if remedy is None:
                    raise
                try:
                    remedies.pop(remedy)()
                except ToolError as failure:
                    raise ToolError(f"{failure} It was wanted because: {error}") from failure
