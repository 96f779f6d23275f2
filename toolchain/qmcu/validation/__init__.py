"""Whether a board file tells the truth about a real board: checks on hardware, in minutes.

A firmware directory and a serial port in; a `Validation` out, one document with a row for
docs/HARDWARE.md. `checks` are the checks, `result` what they found.
"""

from qmcu.validation.result import Check, Outcome, Validation
from qmcu.validation.run import ValidateOptions, validate

__all__ = ["Check", "Outcome", "ValidateOptions", "Validation", "validate"]
