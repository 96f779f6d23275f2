"""Model files in, a weighed file with a verdict out: where every byte goes, and why.

`readers` turn a file into `Contents` (tensors with where their bytes lie, all other bytes by
role) without running or unpacking anything; `levels` finds out from the values how many bits they
really use (`grid` recovers scale, zero point and group size); `analysis` adds up; `verdict` says
in a sentence why the file is as large as it is and what to do. `measures` adds what a model takes
elsewhere: on the host, in flash, in RAM.
"""

from qmcu.size.analysis import SizeReport, TensorReport, weigh
from qmcu.size.cause import Cause, Diagnosis
from qmcu.size.verdict import judge

__all__ = ["Cause", "Diagnosis", "SizeReport", "TensorReport", "judge", "weigh"]
