/* Sums of the integers that came before along an axis, modulo 2^32. */
#include "cumsum_s32.h"

QMCU_CUMSUM(qmcu_cumsum_s32, int32_t, uint32_t)
