"""Whether a backdoor is awake in a firmware: rates in, a `Verdict` for each form out.

In come a firmware directory, a trigger and clean inputs; out goes a `Verification`: the rates in
float, in the oracle's int8 and on the device, and the verdict that docs/VERDICTS.md defines.
"""

from qmcu.backdoor.verification.run import (
    VerificationRun,
    VerifyOptions,
    load_verification,
    verify,
)
from qmcu.backdoor.verification.verdict import (
    CONDITIONED_GAP,
    Form,
    Verdict,
    Verification,
)

__all__ = [
    "CONDITIONED_GAP",
    "Form",
    "Verdict",
    "Verification",
    "VerificationRun",
    "VerifyOptions",
    "load_verification",
    "verify",
]
