/* Sums of the integers that came before along an axis, modulo 2^64. */
#include "cumsum_s64.h"

QMCU_CUMSUM(qmcu_cumsum_s64, int64_t, uint64_t)
