/* Sums of the real numbers that came before along an axis. */
#include "cumsum_f32.h"

QMCU_CUMSUM(qmcu_cumsum_f32, float, float)
