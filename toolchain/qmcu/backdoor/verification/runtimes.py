"""The same .tflite on other runtimes: how their answers differ from tflite-micro's, byte by byte.

Backdoors that quantization wakes live at rounding boundaries or at the ends of ranges, and runtimes
do not round alike. So a verification can say what other runtimes make of the same int8 inputs.
"""

import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.rates import Rate
from qmcu.errors import ToolError, UsageError
from qmcu.extras import load_module
from qmcu.text import nearest
from qmcu.types import Count, Int8Array


@dataclass(frozen=True)
class RuntimeMeasurement:
    """CA and ASR on one runtime, and how many bytes and outputs differ from tflite-micro's.

    `bytes` of output were compared, of `outputs` inputs, clean and triggered.
    """

    runtime: str
    by: str
    clean: Rate
    attack: Rate
    bytes: Count
    differing_bytes: Count
    outputs: Count
    differing_outputs: Count

    def __str__(self) -> str:
        return (
            f"{self.runtime}: CA {self.clean}, ASR {self.attack}; {self.differing_bytes:,} of "
            f"{self.bytes:,} bytes differ from tflite-micro's, in {self.differing_outputs:,} of "
            f"{self.outputs:,} outputs"
        )


# For `--also`: names of runtimes, each with its parts: how it is shown, and what runs a model.
Runner = Callable[[bytes, Int8Array], npt.NDArray[Any]]


def find_runtimes(names: tuple[str, ...]) -> Mapping[str, Runner]:
    """What `--also` names, by how it is shown. Raises UsageError for an unknown name."""
    found: dict[str, Runner] = {}
    for name in names:
        if name not in RUNTIMES:
            known = ", ".join(RUNTIMES)
            raise UsageError(
                f"there is no runtime {name}{nearest(name, RUNTIMES)}; there is {known}."
            )
        found |= RUNTIMES[name]
    return found


def compare_outputs(
    wanted: npt.NDArray[Any], given: npt.NDArray[Any]
) -> tuple[Count, Count, Count, Count]:
    """Bytes, differing bytes, outputs and differing outputs of two arrays [N, ...]."""
    differs = (wanted != given).reshape(len(wanted), -1)
    outputs = np.count_nonzero(differs.any(axis=1))
    return differs.size, int(np.count_nonzero(differs)), len(wanted), int(outputs)


def litert_version() -> str:
    """The version of ai-edge-litert."""
    return f"ai-edge-litert {importlib.metadata.version('ai-edge-litert')}"


def _run_litert(resolver: str) -> Runner:
    def run(model: bytes, inputs: Int8Array) -> npt.NDArray[Any]:
        litert = load_module("ai_edge_litert.interpreter", "--also litert")
        kernels = getattr(litert.OpResolverType, resolver)
        try:
            interpreter = litert.Interpreter(
                model_content=model, experimental_op_resolver_type=kernels, num_threads=1
            )
            interpreter.allocate_tensors()
            source = interpreter.get_input_details()[0]
            output = interpreter.get_output_details()[0]["index"]
            answers = []
            for row in inputs:
                interpreter.set_tensor(source["index"], row.reshape(source["shape"]))
                interpreter.invoke()
                answers.append(interpreter.get_tensor(output).copy()[0])
        except (RuntimeError, ValueError) as error:
            first = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise ToolError(f"LiteRT does not run this model: {first}") from error
        return np.array(answers)

    return run


RUNTIMES: Mapping[str, Mapping[str, Runner]] = {
    "litert": {
        "LiteRT, XNNPACK": _run_litert("AUTO"),
        "LiteRT, reference kernels": _run_litert("BUILTIN_REF"),
    }
}
