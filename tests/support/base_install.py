"""A program of its own: commands of qmcu, one after the other, each an argument such as
"inspect m.tflite", with nothing installed but what qmcu always requires.

The modules of the extras' packages cannot be imported, and with QMCU_WITHOUT names more of them.
It ends with the code of the first command that does not end with 0, and names that command.
"""

import os
import sys
from importlib.abc import MetaPathFinder
from typing import Any

_EXTRAS = frozenset(
    {
        "ai_edge_litert", "bokeh", "cryptography", "cyclonedx", "distributed", "dask", "h5py",
        "imgtool", "matplotlib", "onnx", "onnxruntime", "onnxscript", "PIL", "pyocd", "scipy",
        "sklearn", "tensorflow", "keras", "tf_keras", "torch", "yaml", "jsonschema", "safetensors",
        *os.environ.get("QMCU_WITHOUT", "").split(),
    }
)  # fmt: skip


class _Missing(MetaPathFinder):
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:
        """Nobody else is asked for these."""
        if fullname.partition(".")[0] in _EXTRAS:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def main() -> int:
    """Run the commands; the exit code."""
    sys.meta_path.insert(0, _Missing())
    from qmcu.cli.main import run

    for command in sys.argv[1:]:
        if code := run(command.split()):
            print(f"{command} ended with {code}", file=sys.stderr)
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
