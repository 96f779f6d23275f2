/* The average of a pooling window from its sum, as qmcu_average_pool_2d makes it. */
#include "average_of_sums.h"

#include "average.h"

void qmcu_average_of_sums(const qmcu_average_of_sums_params *params, const int32_t *sums,
                          int8_t *output)
{
    for (int32_t channel = 0; channel < params->depth; ++channel) {
        output[channel] = qmcu_average_s8(sums[channel], params->count, params->activation_minimum,
                                          params->activation_maximum);
    }
}
