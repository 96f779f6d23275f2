/* The largest elements of each row, the largest first, and where they are. */
#include "top_k_s16.h"

QMCU_TOP_K(qmcu_top_k_s16, int16_t)
