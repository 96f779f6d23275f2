"""Flipped bits of a small firmware in the emulator: which are noticed, and by what."""
