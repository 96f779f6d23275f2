"""Ctrl-C where an exception would be lost."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def interrupted_after(at_once: Callable[[], None] | None = None) -> Iterator[None]:
    """Ctrl-C in the block calls `at_once` and is raised as KeyboardInterrupt when the block ends.

    For blocks that call back into Python from C: what is raised there is printed, or ignored, and
    the program goes on. Does nothing off the main thread, or where Ctrl-C has a handler already.
    """
    interrupted = False

    def interrupt(number: int, frame: Any) -> None:
        nonlocal interrupted
        interrupted = True
        if at_once is not None:
            at_once()

    main = threading.current_thread() is threading.main_thread()
    replaced = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    try:
        if replaced:
            signal.signal(signal.SIGINT, interrupt)
        yield
    finally:
        if replaced:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    if interrupted:
        raise KeyboardInterrupt
