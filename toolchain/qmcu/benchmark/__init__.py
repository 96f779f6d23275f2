"""Models and a board in; instructions, estimated cycles, flash and RAM of each kernel set out.

`benchmark` builds, runs and counts one model with one kernel set and compares its outputs with
the oracle on the way; `estimate_cycles` is what the core would take by Arm's documented timings.
"""

from qmcu.benchmark.cycles import CycleEstimate, estimate_cycles
from qmcu.benchmark.measure import (
    Benchmark,
    Benchmarks,
    LayerCost,
    Measurement,
    benchmark,
    benchmark_firmware,
    estimate_firmware,
    measure_all,
)

__all__ = [
    "Benchmark",
    "Benchmarks",
    "CycleEstimate",
    "LayerCost",
    "Measurement",
    "benchmark",
    "benchmark_firmware",
    "estimate_cycles",
    "estimate_firmware",
    "measure_all",
]
