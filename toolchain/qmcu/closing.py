"""What is closed at the end of a `with` block."""

from types import TracebackType
from typing import Self


class Closing:
    """A context manager that is itself what the block gets, and calls `close` at its end."""

    def close(self) -> None:
        """Release what is held; harmless when repeated."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
