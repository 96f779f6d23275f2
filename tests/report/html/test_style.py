import re

import pytest

from qmcu.report.html import Page, render_page

TEXT = [
    ("ink", "paper"), ("ink", "card"), ("soft", "paper"), ("soft", "card"), ("clean", "paper"),
    ("good", "good-back"), ("warn", "warn-back"), ("bad", "bad-back"), ("ink", "plain-back"),
    ("ink", "warn-back"), ("ink", "bad-back"),
]  # fmt: skip
GRAPHICS = [
    "clean", "attack", "one", "two", "three", "four", "five", "six", "seven", "eight",
]  # fmt: skip


def colours(scheme: str) -> dict[str, str]:
    text = render_page(Page("t", "t", None, "", (), (), ()))
    light, dark = text.split("prefers-color-scheme: dark", 1)
    block = light if scheme == "light" else dark.split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block))


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2.1, 1 to 21."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_graphics_stand_out(scheme: str) -> None:
    found = colours(scheme)
    assert {name for pair in TEXT for name in pair} | set(GRAPHICS) <= set(found)
    for text, back in TEXT:
        assert contrast(found[text], found[back]) >= 4.5, (text, back)
    for name in GRAPHICS:
        assert contrast(found[name], found["paper"]) >= 3, name
