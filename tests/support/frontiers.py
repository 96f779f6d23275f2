"""A frontier with every kind of point, none of which was measured."""

from qmcu.backdoor.rates.metrics import Rate
from qmcu.frontier import DeviceFigures, Estimate, Freedom, Frontier, Point

TITLES = (
    "float32", "float16 weights", "dynamic range", "16x8", "int8, per tensor", "int8, per channel",
    "int4 weights",
)  # fmt: skip


def frontier(defence: str = "range-perturbation") -> Frontier:
    """Fourteen points: some ran, some are estimates, some have no flash; one differs on device."""
    points = [_point(k, title) for k, title in enumerate(TITLES)]
    points += [_point(k, f"{title}, {defence}", defence) for k, title in enumerate(TITLES)]
    skipped = {"float64": "it is not a scheme"}
    return Frontier("digits", "stm32f746", tuple(points), skipped, {"seed": "0"})


def _point(k: int, title: str, defence: str = "") -> Point:
    ran = title.startswith("int")
    clean, attack = Rate(430 + k, 450), Rate(400 if k == 5 and not defence else 3, 405)
    device = None
    if ran:
        own = Rate(clean.count - 1, 450) if k == 4 else clean
        device = DeviceFigures(
            "unicorn 2.1.4", 44_196, 3361, 301_465, "instructions", "counted", 855, 855, own, attack
        )
    return Point(
        name=title.replace(", ", "-").replace(" ", "-"), title=title, weights="int8, a scale each",
        activations="int8 at run time, float32 between layers", defence=defence,
        file_bytes=41_680 + k, sha256="0" * 64, host="TensorFlow Lite 2.21.0", clean=clean,
        attack=attack, freedom=Freedom(18.0 + k, 6.0, 7.7), device=device,
        problem="" if ran else "not on this device: its input is float32, int8 is needed",
        interpreter=Estimate(189_492, 10_520) if k in (0, 3) else None,
        note="a note" if k == 6 else "",
    )  # fmt: skip
