/* How many boundaries are not above each element. */
#include "bucketize_s32.h"

QMCU_BUCKETIZE(qmcu_bucketize_s32, int32_t)
