"""Models of PyTorch and ONNX on emulated boards: `python -m bench.frontdoor`.

Each network is written as the file that somebody would hand over, converted by `qmcu.convert`,
built for the first board that it fits on, run there on random inputs and compared byte for byte
with the tflite-micro interpreter. The weights of quantized files are compared with the file's
integers and their outputs with onnxruntime's on --inputs inputs. One small file of results each;
exit code 0 when all are equal in every byte.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from bench.frontdoor import held_out, networks
from bench.frontdoor.files import samples, write_file
from bench.frontdoor.networks import Network
from bench.models.__main__ import BOARDS
from bench.models.chain import Run, examine

import qmcu
from qmcu.errors import QmcuError
from qmcu.files import write_atomic
from qmcu.model.onnx import read_onnx
from qmcu.model.onnx.proof import prove_onnx, random_inputs
from qmcu.model.onnx.write import count_moves

RESULTS = Path(__file__).parent / "results"


def examine_network(network: Network, folder: Path, vectors: int, inputs: int) -> dict[str, Any]:
    """What became of one network, as the document that is stored."""
    found: dict[str, Any] = {"network": network.name, "way": network.way}
    if network.held_out:
        found["held_out"] = True
    path = write_file(network, folder)
    output = folder / f"{network.name}.tflite"
    calibration = None if network.way == "qdq" else samples(network)
    try:
        conversion = qmcu.convert(path, calibration, output)
    except QmcuError as error:
        return found | {"refused": str(error).replace(str(folder), "").strip()}
    found |= {
        "by": conversion.converter, "bytes": len(conversion.model),
        "operators": len(conversion.graph.operators), "in_float": len(conversion.in_float),
        "transposes": count_moves(conversion.graph),
    }  # fmt: skip
    if network.way == "qdq":
        found |= _prove(path, conversion.model, inputs)
    outcome = examine(output, BOARDS, Run(vectors))
    found |= {"board": outcome.board, "vectors": outcome.vectors, "equal": outcome.equal}
    if outcome.problem:
        found["problem"] = outcome.problem
    return found


def _prove(path: Path, model: bytes, inputs: int) -> dict[str, Any]:
    read = read_onnx(path)
    proof = prove_onnx(path, read, model, random_inputs(read, inputs))
    worst = max(proof.layers, key=lambda layer: layer.largest)
    return {
        "weights": proof.weights, "equal_weights": proof.equal_weights,
        "rounded": list(read.net.changed.values()),
        "inputs": proof.inputs, "runtime": proof.runtime,
        "output_steps": proof.largest, "output_different": _share(proof.layers[-1]),
        "layers": [str(layer) for layer in proof.layers], "worst_layer": str(worst),
    }  # fmt: skip


def _share(layer: Any) -> float:
    return float(round(layer.different / layer.count, 4))


def good(result: dict[str, Any]) -> bool:
    """Whether it was converted, built, and every byte was equal."""
    return bool(result.get("vectors")) and result["equal"] == result["vectors"]


def line_of(result: dict[str, Any]) -> str:
    """A result in one line."""
    head = f"{result['way']:8} {result['network']:18}"
    if "refused" in result:
        return f"{head} refused: {' '.join(result['refused'].split())[:160]}"
    text = (
        f"{head} {result['bytes']:>9,} bytes, {result['transposes']} TRANSPOSE, "
        f"{result['equal']} of {result['vectors']} equal on {result['board']}"
    )
    if "weights" in result:
        text += (
            f"; {result['equal_weights']:,} of {result['weights']:,} weights, outputs within "
            f"{result['output_steps']:.3g} steps"
        )
    return text + (f"; {result['problem'][:120]}" if result.get("problem") else "")


def main() -> int:
    """Examine what is asked for and store each result."""
    parser = argparse.ArgumentParser(prog="python -m bench.frontdoor", description=__doc__)
    parser.add_argument("names", nargs="*", help="networks [default: all]")
    parser.add_argument("--held-out", action="store_true", help="those held back instead")
    parser.add_argument("--vectors", type=int, default=3, metavar="N")
    parser.add_argument("--inputs", type=int, default=200, metavar="N")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    chosen = held_out.NETWORKS if arguments.held_out else networks.NETWORKS
    if arguments.names:
        chosen = tuple(n for n in chosen if n.name in arguments.names)
    arguments.results.mkdir(parents=True, exist_ok=True)
    results = []
    with tempfile.TemporaryDirectory(prefix="qmcu-frontdoor-") as folder:
        for network in chosen:
            result = examine_network(network, Path(folder), arguments.vectors, arguments.inputs)
            results.append(result)
            document = msgspec.json.format(msgspec.json.encode(result, enc_hook=_plain), indent=2)
            write_atomic(arguments.results / f"{network.name}.json", document + b"\n")
            print(line_of(result), flush=True)
    count = sum(map(good, results))
    print(f"{count} of {len(results)} converted, built and equal in every byte")
    return 0 if count == len(results) else 1


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)


if __name__ == "__main__":
    sys.exit(main())
