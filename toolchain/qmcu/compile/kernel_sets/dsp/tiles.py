"""What 3x3 convolutions take, by windows and by tiles of Winograd's F(4x4, 3x3): estimates.

Counted on a Cortex-M4; the coefficients are within 3 % of layers of 16 to 64 channels.
"""

from dataclasses import dataclass

from qmcu.compile.kernel_sets.dsp.filters import GROUP, WORD

TILE = 4  # rows and columns
LANES = 4  # filters of a tile, or tiles of a filter, that are multiplied together
POSITIONS = 36
_TAPS = 9


@dataclass(frozen=True)
class Layer:
    """Images of `height` x `width` outputs, `filters` of them, from `input_depth` channels."""

    batches: int
    height: int
    width: int
    filters: int
    input_depth: int

    @property
    def tiles(self) -> int:
        """Of an image."""
        return -(-self.height // TILE) * -(-self.width // TILE)

    @property
    def windows(self) -> float:
        """Instructions by windows, four at a time."""
        pixels = self.batches * self.height * self.width
        values = _TAPS * self.input_depth
        return pixels * (self.filters * (0.617 * values + 10.3) + 1.6 * values)

    @property
    def by_tiles(self) -> float:
        """Instructions with transformed weights in flash."""
        depth, fours = -(-self.input_depth // GROUP) * GROUP, -(-self.filters // LANES) * LANES
        products = 0.656 * POSITIONS * depth * fours
        return self.batches * self.tiles * (products + 320 * fours + 360 * self.input_depth)

    def transformed_late(self, together: int) -> float:
        """Instructions with weights that are transformed for each so many tiles."""
        times = -(-self.tiles // together)
        rest = self.tiles - (times - 1) * together
        fours = (times - 1) * (together // LANES) + -(-rest // LANES)
        steps, words = -(-self.input_depth // GROUP), -(-self.input_depth // WORD)
        transformed = times * (300 * words + 60)
        multiplied = fours * (POSITIONS * (21 * steps + 8) + LANES * 365 + 60)
        laid_out = self.tiles * (860 * words + 500)
        return self.batches * (self.filters * (transformed + multiplied) + laid_out)
