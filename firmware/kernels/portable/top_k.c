/* The largest elements of each row, the largest first, and where they are. */
#include "top_k.h"

QMCU_TOP_K(qmcu_top_k, int8_t)
