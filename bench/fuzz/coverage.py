"""One reader under atheris: `python -m bench.fuzz.coverage READER CORPUS [options of libFuzzer]`.

Seeds are the reader's; a model is mutated where it has a structure, by `mutated_model`, and by
libFuzzer besides. What is no sentence ends the run. Nothing of qmcu is imported before atheris.
"""

import importlib
import random
import struct
import sys
import warnings
from pathlib import Path
from typing import Any


def main() -> None:
    """Never returns: atheris ends the process."""
    atheris: Any = importlib.import_module("atheris")
    name, corpus, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["qmcu.model", "qmcu.compile", "qmcu.trust"]):
        from bench.fuzz.readers import MAKERS
        from bench.fuzz.structure import model_of

    from qmcu.errors import QmcuError

    # Beside the corpus, whose owner removes it: atheris ends this process without a word.
    folder = Path(corpus).parent / "made"
    folder.mkdir()
    reader = MAKERS[name](folder)
    expected: tuple[type[Exception], ...] = (QmcuError, *reader.allowed)
    for number, seed in enumerate(reader.seeds):
        (Path(corpus) / str(number)).write_bytes(seed)
    path = folder / reader.name

    def run(data: bytes) -> None:
        try:
            if reader.parse is not None:
                reader.parse(data)
            else:
                path.write_bytes(data)
                reader.read(path)
        except expected as error:
            assert "internal error" not in str(error)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.7:
            try:
                # Places of a file that libFuzzer has changed are not kept.
                model_of.__wrapped__(data)
                return reader.mutate(rng, [data])[:most]
            except (struct.error, ValueError, IndexError, RecursionError):
                pass
        mutated: bytes = atheris.Mutate(data, most)
        return mutated

    warnings.simplefilter("error")
    structured = {"custom_mutator": mutate} if name.startswith("tflite") else {}
    atheris.Setup([sys.argv[0], *options, corpus], run, **structured)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
