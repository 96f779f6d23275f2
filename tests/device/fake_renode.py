"""A stand-in for the renode program: the same options, script and monitor, Unicorn behind them.

It knows only the names of renode_names.json, and behaves as Renode does where that matters: what
is typed is echoed after a prompt, an error ends the script but neither the program nor its exit
code, numbers are hexadecimal, the end of input quits. FAKE_RENODE holds words that make it fail:
`old`, `mute`, `dies`, `hangs`, `taken` (port in use at the first start, noted in the file TAKEN).
"""

import contextlib
import json
import os
import re
import select
import shlex
import socket
import sys
import time
from pathlib import Path
from typing import Any

NAMES = json.loads((Path(__file__).parent / "renode_names.json").read_text())
FAULTS = os.environ.get("FAKE_RENODE", "").split()


class MonitorError(Exception):
    """A command that Renode would refuse."""


class Platform:
    """A .repl file, read strictly: every name must be known."""

    def __init__(self, path: Path) -> None:
        self.peripherals: dict[str, str] = {}
        properties: set[str] = set()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            line = line.split("//")[0].rstrip()
            if not line or line.lstrip().startswith("Tag <"):
                continue
            if match := re.fullmatch(r'using "(.+)"', line):
                if match[1] not in NAMES["platforms"]:
                    raise MonitorError(f"Error E04: Could not resolve using {match[1]}")
                self.peripherals |= dict.fromkeys(NAMES["platforms"][match[1]], "")
            elif match := re.fullmatch(r"(\w+): (\w+\.\w+) @ sysbus( 0x[0-9A-F]{8})?", line):
                properties = set(self._type(match[2], number))
                self.peripherals[match[1]] = match[2]
            elif line == "sysbus:":
                properties = {"init"}
            elif match := re.fullmatch(r"    (\w+):.*", line):
                if match[1] not in properties:
                    raise MonitorError(f"Error E13: no property {match[1]} in line {number}")
            elif line != "    IRQ -> cpu@0":
                raise MonitorError(f"Error E01: syntax error in line {number}: {line}")

    def _type(self, name: str, number: int) -> list[str]:
        if name not in NAMES["types"]:
            raise MonitorError(f"Error E11: no type {name} in line {number}")
        found: list[str] = NAMES["types"][name]
        return found


class Renode:
    """The state that the monitor's commands build up."""

    def __init__(self) -> None:
        self.machine = ""
        self.platform: Platform | None = None
        self.listener: socket.socket | None = None
        self.connected = False
        self.uart: socket.socket | None = None
        self.link: Any = None
        self.quitting = False

    def execute(self, line: str) -> str:
        """What the command prints. Raises MonitorError."""
        line = line.split("#")[0].strip()
        if not line:
            return ""
        words = shlex.split(line)
        if words[0] not in NAMES["commands"]:
            raise MonitorError(f"No such command or device: {words[0]}")
        actions = NAMES["commands"][words[0]]
        if actions != [""] and (len(words) < 2 or words[1] not in actions):
            raise MonitorError(f"There was an error executing command '{words[0]}'\n{line}")
        handler = getattr(self, "_" + "_".join(words[: 1 if actions == [""] else 2]))
        printed: str = handler(*words[1 if actions == [""] else 2 :]) or ""
        return printed

    def _using(self, name: str) -> None:
        assert name == "sysbus"

    def _logLevel(self, level: str) -> None:
        assert level in "-10123"

    def _string(self, *words: str) -> str:
        return f'"{" ".join(words)}"'

    def _quit(self) -> str:
        self.quitting = True
        return "Renode is quitting"

    def _mach_create(self, name: str) -> None:
        self.machine = name

    def _machine_LoadPlatformDescription(self, path: str) -> None:
        self.platform = Platform(self._file(path))

    def _emulation_SetGlobalAdvanceImmediately(self, value: str) -> None:
        assert value == "true"

    def _cpu_PerformanceInMips(self, value: str) -> None:
        self._peripheral("cpu")
        assert int(value) > 0

    def _emulation_CreateServerSocketTerminal(self, port: str, name: str, telnet: str) -> None:
        assert telnet == "false"
        if "taken" in FAULTS and not Path(os.environ["TAKEN"]).exists():
            Path(os.environ["TAKEN"]).touch()
            raise MonitorError(
                "There was an error executing command 'emulation CreateServerSocketTerminal'\n"
                "Address already in use"
            )
        self.listener = socket.create_server(("127.0.0.1", int(port)))
        self.terminal = name

    def _connector_Connect(self, device: str, terminal: str) -> None:
        self._peripheral(device.removeprefix("sysbus."))
        assert terminal == self.terminal
        self.connected = True

    def _sysbus_LoadELF(self, path: str) -> None:
        from qmcu.board import load_board
        from qmcu.device.image import read_image
        from qmcu.device.targets import unicorn_machine
        from qmcu.device.unicorn import UnicornLink

        machine = unicorn_machine(load_board(self.machine))
        self.link = UnicornLink(read_image(self._file(path)), machine)
        self.link.counting(True)

    def _emulation_RunFor(self, seconds: str) -> None:
        assert self.listener and self.link and self.connected
        if "dies" in FAULTS:
            os._exit(134)
        if "hangs" in FAULTS:
            time.sleep(1000)
        if self.uart is None:
            if not select.select([self.listener], [], [], 0.01)[0]:
                return
            self.uart, _ = self.listener.accept()
            self.uart.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self.link.write(self.uart.recv(65536))
        if "mute" not in FAULTS:
            while data := self.link.read(float(seconds)):
                self.uart.sendall(data)

    def _cpu_ExecutedInstructions(self) -> str:
        return f"0x{self.link._counted:016X}"

    def _peripheral(self, name: str) -> None:
        if self.platform is None or name not in self.platform.peripherals:
            raise MonitorError(f"No such command or device: {name}")

    @staticmethod
    def _file(path: str) -> Path:
        found = Path(path.removeprefix("@"))
        if not path.startswith("@") or not found.is_file():
            raise MonitorError(f"Could not find file '{path}'")
        return found


def run_script(renode: Renode, script: Path) -> None:
    for line in script.read_text().splitlines():
        try:
            print(renode.execute(line), flush=True)
        except (MonitorError, TypeError, AssertionError, OSError) as error:
            print(error or f"There was an error executing command '{line}'", flush=True)
            return


def main(arguments: list[str]) -> None:
    options = [a for a in arguments if a.startswith("-")]
    if unknown := set(options) - set(NAMES["options"]):
        sys.exit(f"unknown option {unknown}")
    if "--version" in options:
        version = "1.14.0.20000" if "old" in FAULTS else "1.16.1.32145"
        print(f"Renode v{version}\n  build: fake")
        return
    assert options == ["--disable-gui", "--plain", "--console"]
    (script,) = (a for a in arguments if not a.startswith("-"))
    renode = Renode()
    run_script(renode, Path(script))
    for line in sys.stdin:
        print(f"({renode.machine or 'monitor'}) {line.strip()}")
        try:
            print(renode.execute(line), flush=True)
        except MonitorError as error:
            print(error, flush=True)
        if renode.quitting:
            break


if __name__ == "__main__":
    main(sys.argv[1:])
