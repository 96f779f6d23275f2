"""About how many instructions a call takes: to choose among forms before anything is counted."""

from qmcu.compile.plan import KernelCall

# Of a multiplication, requantization included, as counted on models of MLPerf Tiny; the first
# whose word is in the kernel's name. Depthwise ones come first: they share no inputs.
_RATES = (
    (("depthwise", "any"), 3.5),
    (("depthwise", "_mve_3x3"), 0.8),
    (("depthwise", "_mve"), 1.7),
    (("depthwise", "3x3"), 2.0),
    (("depthwise", "_dsp"), 4.0),
    (("winograd",), 0.5),
    (("_mve",), 0.25),
    (("_any", "_dsp"), 1.3),
    (("conv_2d_dsp",), 2.5),
    (("_dsp",), 1.0),
)
_PLAIN = 7.0
# Of a call beside its rows; of a byte that is moved or laid out.
CALL, BYTE = 300, 1


def instructions(call: KernelCall) -> float:
    """About how many instructions the call's multiplications take."""
    for words, rate in _RATES:
        if all(word in call.kernel for word in words):
            return rate * call.macs
    return _PLAIN * call.macs
