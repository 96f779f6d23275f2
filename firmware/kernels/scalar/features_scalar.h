/* The new values of an SVDF layer's filters, four at a time. */
#ifndef QMCU_FEATURES_SCALAR_H
#define QMCU_FEATURES_SCALAR_H

#include "dot_scalar.h"

/* sums[0], ... of the four filters that hold `filter`, of which there are `count`; which of the sums
   is the filter's. */
static inline int32_t qmcu_features_scalar(const int8_t *input, const int8_t *features,
                                           const int32_t *bias, int32_t depth, int32_t filter,
                                           int32_t count, uint32_t sums[4])
{
    if (count < 4) {
        sums[0] = sums[1] = sums[2] = sums[3] = (uint32_t)bias[filter];
        qmcu_dot_scalar(input, features + filter * depth, 0, depth, sums);
        return 0;
    }
    const int32_t first = filter <= count - 4 ? filter : count - 4;
    for (int32_t i = 0; i < 4; ++i) {
        sums[i] = (uint32_t)bias[first + i];
    }
    qmcu_dot_scalar(input, features + first * depth, depth, depth, sums);
    return filter - first;
}

#endif
