"""Judging what a tool printed: is it the right chip, was it written."""

import re
from collections.abc import Callable

from qmcu.errors import CheckFailedError, DeviceError
from qmcu.flash.failures import explain_failure, last_line
from qmcu.flash.job import Job


def chip_check(job: Job, pattern: str) -> Callable[[str], None]:
    """A check that finds the chip's id by `pattern` (one group, hex digits) and compares it.

    It raises DeviceError when it is another chip's, or when the board has no id to compare.
    """

    def check(output: str) -> None:
        expected = job.settings.chip_id
        assert expected is not None
        match = re.search(pattern, output, re.MULTILINE | re.IGNORECASE)
        if match is None:
            raise DeviceError(f"the chip's id could not be read: {explain_failure(output, job)}")
        word = int(match.group(1), 16)
        if not expected.matches(word):
            raise wrong_board(job, f"the chip's id is 0x{word & expected.mask:x}", str(expected))

    return check


def wrong_board(job: Job, shown: str, expected: str) -> DeviceError:
    """The error for a board that is not the one the firmware was built for."""
    return DeviceError(
        f"{shown}, but {job.board.name} ({job.board.chip}) has {expected}: this is another board; "
        "nothing was written (--force writes all the same)."
    )


def text_check(expected: str) -> Callable[[str], None]:
    """A check that the tool says `expected`. It raises CheckFailedError."""

    def check(output: str) -> None:
        if expected not in output:
            raise CheckFailedError(
                f"the tool did not confirm what it wrote (no {expected!r} in its output, which "
                f"ends with: {last_line(output)}); flash again."
            )

    return check
