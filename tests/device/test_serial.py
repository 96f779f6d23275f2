"""A board on a serial port: right answers or a sentence, whatever happens to cable and board."""

import pytest
from tests.device.line import board_on_cable

from qmcu.device import infer_all

VECTORS = [[bytes((7 * i + j) % 256 for j in range(12))] for i in range(200)]


@pytest.fixture
def expected(chain_directory):
    results = infer_all("unicorn", chain_directory("stm32f746"), VECTORS, workers=1)
    return [result.outputs for result in results]


def test_a_board_gives_the_emulators_bytes(chain_directory, tmp_path, expected) -> None:
    directory = chain_directory("stm32f746")
    with board_on_cable(directory, tmp_path / "port"):
        results = infer_all(f"serial:{tmp_path / 'port'}", directory, VECTORS, workers=4)
    assert [result.outputs for result in results] == expected
