"""Forms of layers chosen by counting: a model and a board in, a `Tuning` out.

`measuring` counts forms in the board's emulator, `cache` keeps what was counted, `choosing` takes
one form a layer, `run` does all of it.
"""

from qmcu.tuning.cache import CountCache, default_cache
from qmcu.tuning.choosing import RATES
from qmcu.tuning.run import tune

__all__ = ["RATES", "CountCache", "default_cache", "tune"]
