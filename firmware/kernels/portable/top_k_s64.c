/* The largest elements of each row, the largest first, and where they are. */
#include "top_k_s64.h"

QMCU_TOP_K(qmcu_top_k_s64, int64_t)
