"""Inputs as pictures: images as they are, spectrograms as heat, sensor windows as curves."""

import base64
import io
from typing import Any

import numpy as np

from qmcu.extras import load_module
from qmcu.report.html.blocks import Cell, Picture
from qmcu.types import ByteArray, Float32Array

# Kinds of triggers whose inputs are spectrograms [T, F, 1]: time to the right, high bins on top.
SPECTROGRAM_KINDS = ("tone", "burst")
_CURVES = (400, 260)
_COLOURS = ("#2f6db5", "#c2410c", "#1a7f4b", "#7a4fb5", "#a8842c", "#20808d")


def draw_input(
    values: Float32Array,
    low: float,
    high: float,
    *,
    alt: str,
    kind: str = "",
    title: str = "",
    lines: tuple[Cell, ...] = (),
) -> Picture:
    """One input (float32 [H, W, C], [T, F, 1] or [T, C]) as a picture; `low` is the darkest.

    `kind` is the trigger's: it tells spectrograms from images. Raises ToolError without Pillow.
    """
    if values.ndim < 2:
        values = values.reshape(1, -1, 1)
    if values.ndim == 2:
        return Picture(_png(_curves(values, low, high)), alt, title, lines, pixelated=False)
    levels = np.clip((values - low) / (high - low) * 255, 0, 255).round().astype(np.uint8)
    if kind in SPECTROGRAM_KINDS:
        levels = levels.transpose(1, 0, 2)[::-1]
    return Picture(_png(_as_colours(levels)), alt, title, lines)


def draw_change(values: Float32Array, *, alt: str, kind: str = "", title: str = "") -> Picture:
    """A mask or a difference: `values` in the shape of one input, white 0 and dark the largest."""
    shown = np.abs(values)
    top = float(shown.max()) or 1.0
    if shown.ndim == 2:
        return draw_input(shown, 0.0, top, alt=alt, title=title)
    brightness = (1 - shown.max(axis=-1, keepdims=True) / top).astype(np.float32)
    return draw_input(brightness, 0.0, 1.0, alt=alt, kind=kind, title=title)


def _as_colours(levels: ByteArray) -> ByteArray:
    if levels.shape[2] == 3:
        return levels
    # Any other number of channels is shown as their mean.
    grey = levels.mean(axis=2).round().astype(np.uint8)
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def _curves(values: Float32Array, low: float, high: float) -> ByteArray:
    """One curve a channel over time, on white."""
    width, height = _CURVES
    image = _pillow("Image").new("RGB", _CURVES, "white")
    draw = _pillow("ImageDraw").Draw(image)
    x = np.linspace(2, width - 3, len(values))
    for channel in range(values.shape[1]):
        scaled = np.clip((values[:, channel] - low) / (high - low), 0, 1)
        y = (height - 3) - scaled * (height - 6)
        points = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
        draw.line(points, fill=_COLOURS[channel % len(_COLOURS)], width=2)
    return np.asarray(image)


def _png(pixels: ByteArray) -> str:
    stream = io.BytesIO()
    _pillow("Image").fromarray(np.ascontiguousarray(pixels)).save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _pillow(module: str) -> Any:
    return load_module(f"PIL.{module}", "a report with pictures")
