"""Output size and padding of sliding windows."""

from hypothesis import given
from hypothesis import strategies as st

from qmcu.compile.operators.window import axis

SIZES = st.integers(1, 50)
SMALL = st.integers(1, 8)


@given(SIZES, SMALL, SMALL, st.integers(1, 4))
def test_same_padding_is_smallest_that_covers_all(
    size: int, kernel: int, stride: int, dilation: int
) -> None:
    window = axis("SAME", size, kernel, stride, dilation)
    extent = (kernel - 1) * dilation + 1
    assert window.output == -(-size // stride)
    needed = max((window.output - 1) * stride + extent - size, 0)
    assert window.padding == needed // 2


@given(SIZES, SMALL, SMALL, st.integers(1, 4))
def test_valid_windows_lie_inside(size: int, kernel: int, stride: int, dilation: int) -> None:
    window = axis("VALID", size, kernel, stride, dilation)
    extent = (kernel - 1) * dilation + 1
    assert window.padding == 0
    if window.output > 0:
        last = (window.output - 1) * stride + extent
        assert last <= size < last + stride
    else:
        assert extent > size
