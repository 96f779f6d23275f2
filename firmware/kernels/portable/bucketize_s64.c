/* How many boundaries are not above each element. */
#include "bucketize_s64.h"

QMCU_BUCKETIZE(qmcu_bucketize_s64, int64_t)
