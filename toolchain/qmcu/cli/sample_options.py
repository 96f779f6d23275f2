"""Options that say how pictures, sounds and generators become inputs: `convert` and `vectors`."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from qmcu.cli.options import PATH

if TYPE_CHECKING:
    pass

_FRACTION = re.compile(r"([-+.\deE]+)(?:/([-+.\deE]+))?")


class Number(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A number, or a fraction such as 1/255."""

    name = "number"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """The value as a float; click's error for anything else."""
        if isinstance(value, float):
            return value
        return _number(self, str(value), param, ctx)


class Numbers(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """One number, or one a channel: 0.485,0.456,0.406."""

    name = "numbers"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, ...]:
        """The values as floats; click's error for anything else."""
        if isinstance(value, tuple):
            return value
        return tuple(_number(self, part, param, ctx) for part in str(value).split(","))


def _number(kind: Any, text: str, param: Any, ctx: Any) -> float:
    found = _FRACTION.fullmatch(text.strip())
    try:
        if found is not None:
            return float(found[1]) / float(found[2] or 1)
    except (ValueError, ZeroDivisionError):
        pass
    raise click.BadParameter(f"{text} is no number and no fraction such as 1/255", ctx, param)


def _share(context: Any, parameter: Any, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        share = float(value.removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise click.BadParameter(f"{value} is no percentage such as 10%")
    return share


def _size(context: Any, parameter: Any, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", value)
    if found is None:
        raise click.BadParameter(f"{value} is no size such as 96x96 (height x width)")
    return int(found[1]), int(found[2])


_OPTIONS = (
    click.option("--share", callback=_share, metavar="PERCENT",
                 help="Take only this percentage of the inputs."),
    click.option("--resize", callback=_size, metavar="HxW",
                 help="Size of pictures [default: the input's]."),
    click.option("--scale", type=Number(),
                 help="What pixels (0 to 255) or 16-bit samples are multiplied by: 1/255."),
    click.option("--mean", type=Numbers(), help="What is taken off then; one a channel."),
    click.option("--std", type=Numbers(), help="What is divided by then; one a channel."),
    click.option("--front-end", type=PATH,
                 help="A .tflite that computes features of sounds, as on the device."),
    click.option("--stride", type=click.IntRange(min=1),
                 help="Samples between two windows of the front end [two thirds of a window]."),
)  # fmt: skip


def sample_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the options; they arrive as one `sampling` argument, a `SampleOptions`."""

    def call(
        *arguments: Any,
        limit: int | None,
        share: float | None,
        resize: tuple[int, int] | None,
        scale: float | None,
        mean: tuple[float, ...] | None,
        std: tuple[float, ...] | None,
        front_end: Path | None,
        stride: int | None,
        **others: Any,
    ) -> Any:
        from qmcu.conversion.samples import SampleOptions

        sampling: SampleOptions = SampleOptions(
            limit, share, resize, scale, mean or (0.0,), std or (1.0,), front_end, stride
        )
        return function(*arguments, sampling=sampling, **others)

    call.__doc__ = function.__doc__
    call.__name__ = function.__name__
    call.__click_params__ = list(getattr(function, "__click_params__", []))  # type: ignore[attr-defined]
    for option in reversed(_OPTIONS):
        call = option(call)
    return call
