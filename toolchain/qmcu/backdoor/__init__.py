"""The backdoor lab: triggers, attacks, defences and detectors in, metrics and a verdict out.

Attacks make models whose backdoor wakes up only in int8, so that defences and detectors have a
real opponent; every claim ends on the integers of a device. Every accuracy and attack success
rate is a Rate with its counts and interval, and says on which arithmetic it was measured.
"""

from qmcu.backdoor.inputs import (
    Dataset,
    Trigger,
    TriggerChange,
    load_dataset,
    load_trigger,
    make_trigger,
)
from qmcu.backdoor.rates import Rate, attack_success_rate, clean_accuracy

__all__ = [
    "Dataset",
    "Rate",
    "Trigger",
    "TriggerChange",
    "attack_success_rate",
    "clean_accuracy",
    "load_dataset",
    "load_trigger",
    "make_trigger",
]
