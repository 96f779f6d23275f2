/* How many boundaries are not above each element. */
#include "bucketize_f32.h"

QMCU_BUCKETIZE(qmcu_bucketize_f32, float)
