"""A stand-in for the renode program: the same options and monitor, Unicorn behind them.

It knows only the names of renode_names.json, and behaves as Renode 1.16.1 was seen to do where
that matters: what is typed is echoed after a prompt, an error ends neither the program nor its
exit code, results end in newlines, numbers are hexadecimal, errors have Renode's words and numbers,
a processor that stops is logged and its RunFor never returns, the end of input quits. FAKE_RENODE
holds words that make it fail: `old`, `mute`, `dies`, `hangs`, `taken` (port in use at the first
start, noted in the file TAKEN).
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

from qmcu.errors import GuestFault

NAMES = json.loads((Path(__file__).parent / "renode_names.json").read_text())
FAULTS = os.environ.get("FAKE_RENODE", "").split()


class MonitorError(Exception):
    """A command that Renode would refuse, in its words."""


class FailedError(MonitorError):
    """What failed inside a command: told after a line that names the command."""


class UnfitError(MonitorError):
    """Arguments that fit no method: told after the list of methods and the command."""


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
                    raise FailedError(f"Error E36: Using '{match[1]}' does not exist.")
                self.peripherals |= dict.fromkeys(NAMES["platforms"][match[1]], "")
            elif match := re.fullmatch(
                r"(\w+): (\w+\.\w+) @ sysbus( 0x[0-9A-F]{8}| <0x[0-9A-F]{8}, \+0x[0-9A-F]+>)?", line
            ):
                properties = set(self._type(match[2]))
                if ("<" in (match[3] or "")) != (match[2] in NAMES["ranges"]):
                    raise FailedError(
                        "Error E21: Could not find any suitable constructor for this registration "
                        f"point. (line {number})"
                    )
                self.peripherals[match[1]] = match[2]
            elif line == "sysbus:":
                properties = {"init"}
            elif match := re.fullmatch(r"    (\w+):.*", line):
                if match[1] not in properties:
                    raise FailedError(
                        f"Error E25: Could not find suitable constructor ({match[1]})."
                    )
            elif line != "    IRQ -> cpu@0":
                raise FailedError(f"Error E01: Syntax error in line {number}: {line}")

    def _type(self, name: str) -> list[str]:
        if name not in NAMES["types"]:
            raise FailedError(f"Error E04: Could not resolve type: '{name}'.")
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
        try:
            if ";" in re.sub(r'"[^"]*"', "", line):
                raise MonitorError(f"Could not tokenize here:\n{line}")
            if actions != [""] and (len(words) < 2 or words[1] not in actions):
                raise UnfitError
            handler = getattr(self, "_" + "_".join(words[: 1 if actions == [""] else 2]))
            printed: str = handler(*words[1 if actions == [""] else 2 :]) or ""
        except UnfitError:
            methods = "\r\n\r\nThe following methods are available:\n - Void ...\n\nUsage:\n"
            raise MonitorError(
                f"{methods} {words[0]} MethodName param1 param2 ...\n\n{_failed(line)}\n"
                "Parameters did not match the signature"
            ) from None
        except FailedError as error:
            raise MonitorError(f"{_failed(line)}\r\n{error}") from None
        return f"{printed}\r\n\r\n" if printed else ""

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

    def _cpu_VectorTableOffset(self, value: str) -> None:
        self._peripheral("cpu")
        self.vectors = int(value, 16)

    def _emulation_CreateServerSocketTerminal(self, port: str, name: str, telnet: str) -> None:
        assert telnet == "false"
        if "taken" in FAULTS and not Path(os.environ["TAKEN"]).exists():
            Path(os.environ["TAKEN"]).touch()
            raise FailedError(
                f"Unable to create '0.0.0.0:{port}' socket:[AddressAlreadyInUse] "
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
        assert machine.vectors == self.vectors
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
            try:
                while data := self.link.read(float(seconds)):
                    self.uart.sendall(data)
            except GuestFault as fault:
                self._abort(str(fault))

    @staticmethod
    def _abort(fault: str) -> None:
        """What Renode logs when there is nothing to execute, and its RunFor that never returns."""
        address = int(re.findall(r"0x([0-9a-f]+)", fault)[0], 16)
        print(
            f"12:34:56.7890 [ERROR] cpu: CPU abort [PC=0x{address:X}]: Trying to execute code "
            f"outside RAM or ROM at 0x{address:X}.",
            flush=True,
        )
        time.sleep(1000)

    def _cpu_PC(self) -> str:
        return f"0x{self.link._pc & ~1:X}"

    def _cpu_ExecutedInstructions(self) -> str:
        return f"0x{self.link.counter.instructions:016X}"

    def _peripheral(self, name: str) -> None:
        if self.platform is None or name not in self.platform.peripherals:
            raise UnfitError

    @staticmethod
    def _file(path: str) -> Path:
        found = Path(path.removeprefix("@"))
        if found.suffix == ".repl" and not found.is_file():
            raise FailedError(f"Could not find file '{found}'.")
        if not found.is_file():
            raise UnfitError
        return found


def _failed(line: str) -> str:
    return f"There was an error executing command '{line}'"


def main(arguments: list[str]) -> None:
    options = [a for a in arguments if a.startswith("-")]
    if unknown := set(options) - set(NAMES["options"]):
        sys.exit(f"unknown option {unknown}")
    if "--version" in options:
        version = "1.14.0.20000" if "old" in FAULTS else "1.16.1.32145"
        print(f"Renode v{version}\n  build: fake")
        return
    assert arguments == ["--disable-gui", "--plain", "--console"]
    renode = Renode()
    for line in sys.stdin:
        print(f"({renode.machine or 'monitor'}) {line.strip()}")
        try:
            print(renode.execute(line), flush=True)
        except (MonitorError, TypeError, AssertionError, OSError) as error:
            print(error or _failed(line.strip()), flush=True)
        if renode.quitting:
            break


if __name__ == "__main__":
    main(sys.argv[1:])
