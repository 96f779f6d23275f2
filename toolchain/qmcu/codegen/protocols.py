"""Which protocol a firmware speaks beside its own, and what MLPerf Tiny's needs to know."""

from dataclasses import dataclass

from qmcu.compile.plan import Plan
from qmcu.errors import UsageError

QMCU, MLPERF_TINY = "qmcu", "mlperf-tiny"
PROTOCOLS = (QMCU, MLPERF_TINY)
CHECK_EVERY = 64


@dataclass(frozen=True)
class ProtocolOptions:
    """What the firmware answers beside HELLO, INFER and BAUD.

    With `debug` PROFILE and TRACE, which show what is in the arena; a `release` wipes the arena
    after each answer, and checks all of its image again in every `check_every` inferences. With
    `access` all but HELLO needs a session with a key; without `infer` there is no INFER.
    """

    debug: bool = True
    release: bool = False
    check_every: int = CHECK_EVERY
    access: bool = False
    infer: bool = True


DEBUG = ProtocolOptions()


@dataclass(frozen=True)
class MlperfBenchmark:
    """One of MLPerf Tiny's benchmarks: what its runner sends and wants to be told.

    `encoding` is that of each input element: int8 as the model takes it, uint8 (that plus 128) or
    float32 (little-endian, quantized on the device). `inputs` and `outputs` are the elements of the
    reference model. `reports_error` asks for the mean squared error of output against input.
    Source: the reference submissions in mlcommons/tiny.
    """

    name: str
    encoding: str
    inputs: int
    outputs: int
    reports_error: bool = False


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        MlperfBenchmark("ic01", "uint8", 32 * 32 * 3, 10),
        MlperfBenchmark("kws01", "int8", 49 * 10, 12),
        MlperfBenchmark("vww01", "uint8", 96 * 96 * 3, 2),
        MlperfBenchmark("ad01", "float32", 640, 640, reports_error=True),
    )
}


def choose_benchmark(protocol: str, name: str | None, plan: Plan) -> MlperfBenchmark | None:
    """The benchmark that the firmware of `plan` is to stand for; None for the plain protocol.

    Without a `name` it is the one whose reference model has the same sizes. Raises UsageError.
    """
    if protocol not in PROTOCOLS:
        raise UsageError(f"there is no protocol {protocol!r}; take {' or '.join(PROTOCOLS)}.")
    if protocol == QMCU:
        if name is not None:
            raise UsageError(f"a benchmark ({name}) needs --protocol {MLPERF_TINY}.")
        return None
    if name is not None and name not in BENCHMARKS:
        raise UsageError(f"there is no benchmark {name!r}; take {', '.join(BENCHMARKS)}.")
    if len(plan.inputs) != 1 or len(plan.outputs) != 1:
        raise UsageError(
            f"{plan.name} has {len(plan.inputs)} inputs and {len(plan.outputs)} outputs; the "
            f"protocol {MLPERF_TINY} carries one of each."
        )
    if plan.states:
        raise UsageError(
            f"{plan.name} keeps a state, which the protocol {MLPERF_TINY} never resets."
        )
    sizes = plan.tensor(plan.inputs[0]).size, plan.tensor(plan.outputs[0]).size
    if name is None:
        return _by_sizes(plan, *sizes)
    benchmark = BENCHMARKS[name]
    if benchmark.reports_error and sizes[0] != sizes[1]:
        raise UsageError(
            f"{plan.name} has {sizes[0]} inputs and {sizes[1]} outputs; {name} compares them and "
            "needs as many of each."
        )
    return benchmark


def _by_sizes(plan: Plan, inputs: int, outputs: int) -> MlperfBenchmark:
    for benchmark in BENCHMARKS.values():
        if (benchmark.inputs, benchmark.outputs) == (inputs, outputs):
            return benchmark
    raise UsageError(
        f"{plan.name} has {inputs} inputs and {outputs} outputs, as no model of MLPerf Tiny has; "
        f"name the benchmark that it stands for with --benchmark ({', '.join(BENCHMARKS)})."
    )
