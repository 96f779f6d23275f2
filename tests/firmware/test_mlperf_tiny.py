"""MLPerf Tiny's commands, as the firmware obeys them, and frames beside them."""

from collections.abc import Callable

import numpy as np
import pytest
from tests.firmware.mlperf_client import Client, results
from tests.support.lookup_plan import ADDED, SIZE, two_layers
from tests.support.projects import finish_build

from qmcu.board import load_board
from qmcu.codegen import choose_benchmark, generate_project
from qmcu.device import Session
from qmcu.device.frames import Frame, encode
from qmcu.device.link import Link
from qmcu.device.targets import open_link
from qmcu.firmware import Firmware

Start = Callable[..., Link]
SILENCE = "> qmcu_port_clock_hz()"


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """`start(benchmark, board, target)` is a link to firmware that adds 4 to each byte."""
    built = {}

    def begin(name: str, board: str = "stm32f746", target: str = "unicorn") -> Link:
        if (name, board) not in built:
            directory = tmp_path_factory.mktemp(f"{name}-{board}")
            plan = two_layers()
            chosen = choose_benchmark("mlperf-tiny", name, plan)
            generate_project(plan, load_board(board), b"model", directory, benchmark=chosen)
            if target == "qemu":
                # QEMU's second of silence takes many of ours.
                source = directory / "src/runtime/mlperf_tiny.c"
                assert SILENCE in source.read_text()
                source.write_text(source.read_text().replace(SILENCE, f"{SILENCE} / 200"))
            built[name, board] = finish_build(directory, plan, board)
        return open_link(target, Firmware.load(built[name, board]))

    return begin


@pytest.fixture
def client(start: Start) -> Client:
    client = Client(start("kws01"))
    client.boot()
    return client


def test_it_announces_itself(start: Start) -> None:
    assert Client(start("kws01")).boot() == [
        "m-timestamp-mode-performance",
        "m-lap-us-0",
        "m-init-done",
    ]


def test_it_says_what_it_is(client: Client) -> None:
    assert client.ask("name") == ["m-name-dut-[stm32f746]"]
    assert client.ask("profile") == [
        "m-profile-[ULPMark for tinyML Firmware V0.0.1]",
        "m-model-[kws01]",
    ]
    assert [line.partition(" ")[0] for line in client.ask("help")[2:]] == [
        *("help", "name", "timestamp", "profile"),
        *("db", "db", "db", "infer", "results"),
    ]
    assert client.ask("timestamp")[0].startswith("m-lap-us-")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("", []),
        ("bogus 1", ["e-[Unknown command: bogus]"]),
        ("x" * 80, [f"e-[Unknown command: {'x' * 80}]"]),
        ("x" * 81, ["e-[Command too long]"]),
        ("name" + "x" * 4000, ["e-[Command too long]"]),
        ("\r\n name \r\n", ["m-name-dut-[stm32f746]"]),
        ("db", ["e-[Command 'db' requires a subcommand]"]),
        ("db load", ["e-[Command 'db load' requires the # of bytes]"]),
        ("db load 0", ["e-[Command 'db load' must be >0 bytes]"]),
        ("db load 1x", ["e-[Command 'db load' must be >0 bytes]"]),
        ("db load 4294967297", ["e-[Command 'db load' must be >0 bytes]"]),
        ("db load 601", ["e-[Supplied buffer size 601 exceeds maximum of 600]"]),
        ("db 00", ["e-[No bytes are expected; 'db load' comes first]"]),
        ("db print", []),
        ("infer 0", ["e-[Inference iterations must be >0]"]),
        ("infer -1", ["e-[Inference iterations must be >0]"]),
        ("infer 1 -1", ["e-[Inference warmup must be >=0]"]),
        ("infer 1 0", ["e-[Input has 0 bytes; load all of it with 'db' first]"]),
        ("results", ["e-[There are no results before 'infer']"]),
    ],
)
def test_what_is_wrong_is_told(client: Client, command: str, answer: list[str]) -> None:
    assert client.ask(command) == answer
    assert client.ask("name") == ["m-name-dut-[stm32f746]"]


def test_wrong_digits_are_told_and_half_an_input_is_not_inferred(client: Client) -> None:
    client.ask("db load 600")
    assert client.ask("db 0") == ["e-[Insufficent number of hex digits]"]
    assert client.ask("db 0g") == ["e-[Invalid hex digit '0g']"]
    assert client.ask("db aB01") == []
    assert client.ask("db print") == ["m-buffer-ab-01"]
    assert client.ask("infer 1 0") == ["e-[Input has 2 bytes; load all of it with 'db' first]"]


def test_digits_after_the_last_byte_are_dropped(client: Client) -> None:
    client.ask("db load 9")
    assert client.ask("db 000102030405060708ffff") == ["m-load-done"]
    assert client.ask("db print") == ["m-buffer-00-01-02-03-04-05-06-07", "m-buffer-08"]


def wrapped(values: np.ndarray) -> np.ndarray:
    return (values + ADDED).astype(np.uint8).astype(np.int8).astype(np.float32)


def expected(values: np.ndarray) -> list[str]:
    return [f"{float(v):.3f}" for v in wrapped(values)]


def test_int8_goes_in_as_it_is(client: Client) -> None:
    data = bytes(i % 256 for i in range(SIZE))
    assert client.load(data) == ["m-load-done"]
    _, found = client.infer(3, 2)
    assert found == expected(np.frombuffer(data, np.int8))
    assert [results(line) for line in client.ask("results")] == [found]


def test_uint8_is_moved_to_int8(start: Start) -> None:
    client = Client(start("ic01"))
    client.boot()
    data = bytes(i * 7 % 256 for i in range(SIZE))
    client.load(data)
    assert client.infer(1)[1] == expected(np.frombuffer(data, np.uint8).astype(int) - 128)
    printed = "".join(line.removeprefix("m-buffer-") for line in client.ask("db print"))
    assert printed.replace("-", "") != ""
    assert bytes.fromhex(printed.replace("-", "")) == data


def test_float32_is_quantized_and_the_error_reported(start: Start) -> None:
    client = Client(start("ad01"))
    client.boot()
    values = np.random.default_rng(0).uniform(-130, 130, SIZE).astype("<f4")
    values[:8] = [0.5, -0.5, 1.5, -1.5, 0.49999997, -0.49999997, 1e30, -1e30]
    values[6:8] = [127.5, -128.5]
    client.load(values.tobytes())
    half = np.trunc(values.astype(float) + np.copysign(0.5, values))
    quantized = np.clip(half, -128, 127).astype(int)
    total = np.float32(0)
    for difference in wrapped(quantized) - values:
        total += difference * difference
    assert client.infer(2, 1)[1] == [f"{float(total / np.float32(SIZE)):.3f}"]


def test_what_is_no_number_does_not_stop_it(start: Start) -> None:
    client = Client(start("ad01"))
    client.boot()
    values = np.full(SIZE, np.inf, "<f4")
    values[::2] = np.nan
    client.load(values.tobytes())
    assert client.infer(1)[1]


def test_the_timestamps_are_those_of_the_counter(start: Start) -> None:
    link = start("kws01")
    client = Client(link)
    client.boot()
    client.load(bytes(SIZE))
    assert client.infer(5)[0] == 0  # unicorn is not counting
    link.counting(True)
    few, many = client.infer(20)[0], client.infer(200)[0]
    assert few > 0
    assert many / few == pytest.approx(10, rel=0.05)


def test_frames_and_commands_share_the_line(start: Start) -> None:
    link = start("kws01")
    client = Client(link)
    client.boot()
    client.load(bytes(SIZE))
    client.infer(1)
    session = Session(link)
    assert session.hello.board == "stm32f746"
    data = bytes(range(200)) * 3
    assert (
        session.infer([data]).outputs[0]
        == wrapped(np.frombuffer(data, np.int8)).astype(np.int8).tobytes()
    )
    # That run overwrote the results; what was loaded is still there.
    assert client.ask("results") == ["e-[There are no results before 'infer']"]
    assert client.infer(1)[1] == expected(np.zeros(SIZE, int))


def test_a_zero_on_the_line_does_not_swallow_a_command(client: Client) -> None:
    assert client.ask("nam\0name") == ["m-name-dut-[stm32f746]"]
    assert client.ask("\0\0name") == ["m-name-dut-[stm32f746]"]


def test_half_a_frame_is_forgotten_after_silence(start: Start) -> None:
    link = start("kws01", "mps2-an386", "qemu")
    try:
        client = Client(link)
        client.boot()
        link.write(encode(Frame(1, 1))[:-4])
        assert link.read(1.0) == b""
        assert client.ask("name") == ["m-name-dut-[mps2-an386]"]
    finally:
        link.close()
