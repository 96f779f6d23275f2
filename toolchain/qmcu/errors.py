"""The errors a user can meet, as one small tree.

Every message is one clear sentence: what is wrong and where, how far off it is, what to do. The
CLI prints it and exits with `exit_code`: 2 for bad input or an environment that cannot do the
job, 1 for a check that ran and failed.
"""

from collections.abc import Sequence


class QmcuError(Exception):
    """Base of every error that is shown to the user without a traceback."""

    exit_code = 2

    @property
    def lines(self) -> list[str]:
        """The message as lines; a single one, whatever line breaks a foreign name brings."""
        return [str(self)]


class UsageError(QmcuError):
    """An argument, option or configuration file is wrong."""


class ModelError(QmcuError):
    """A model file is damaged, or holds what qmcu cannot compile."""


class UnsupportedModelError(ModelError):
    """The model is well formed but asks for something that is not supported; lists all of it.

    `problems` go between the sentence and the advice, a line each.
    """

    def __init__(self, sentence: str, problems: Sequence[str] = (), advice: str = "") -> None:
        self._lines = [sentence, *(f"  {problem}" for problem in problems), *filter(None, [advice])]
        super().__init__("\n".join(self._lines))

    @property
    def lines(self) -> list[str]:
        """The sentence, each problem, the advice."""
        return self._lines


class InterpreterDiedError(ModelError):
    """What computes a model crashed on it, or did not come to an end."""


class PlanError(QmcuError):
    """The compiler made a plan that fails its own check: never the user's mistake."""


class VectorError(QmcuError):
    """A vector or input file does not fit the model."""


class BoardError(QmcuError):
    """A board is unknown or its description is wrong."""


class DoesNotFitError(QmcuError):
    """The firmware needs more flash or RAM than the board has; `shortage` is what and how much.

    `over` holds the bytes too many of each memory (`flash`, `RAM`), where a build told them.
    """

    def __init__(
        self, message: str, shortage: str = "", over: dict[str, int] | None = None
    ) -> None:
        super().__init__(message)
        self.shortage = shortage
        self.over = over or {}


class ToolError(QmcuError):
    """An external program is missing or failed."""


class DeviceError(QmcuError):
    """A device did not answer, answered wrongly, or crashed."""


class WrongFirmwareError(DeviceError):
    """A device answered, but runs another model or build than the one at hand."""


class GuestFault(DeviceError):
    """The firmware crashed: fault cause, address and function are in the message."""


class CheckFailedError(QmcuError):
    """A check ran to its end and its answer is no."""

    exit_code = 1
