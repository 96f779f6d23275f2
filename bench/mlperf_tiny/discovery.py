"""Starts the official runner with its search for USB devices replaced by one given port.

    python discovery.py BENCHMARK/RUNNER PORT [arguments of the runner's main.py]

Run with the interpreter that has the runner's packages; nothing of qmcu is imported. The port is
announced with the USB ids of the runner's reference board, so that its device files fit.
"""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import serial.tools.list_ports
import usb.core

REFERENCE_BOARD = {"vid": 0x0483, "pid": 0x374B}


def main() -> None:
    """Replace the two functions that look for devices, then run main.py as it is."""
    runner, port, *arguments = sys.argv[1:]
    found = SimpleNamespace(device=port, description="emulated board", **REFERENCE_BOARD)
    serial.tools.list_ports.comports = lambda include_links=False: [found]
    usb.core.find = lambda find_all=False, **_: []
    script = Path(runner) / "main.py"
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, runner)
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main()
