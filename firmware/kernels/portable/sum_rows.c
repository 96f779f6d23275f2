/* Each channel's sum over some rows of an image, added to that of the rows before.

   after[channel] = before[channel] + sum of input[pixel][channel] over all pixels */
#include "sum_rows.h"

#include <stddef.h>

void qmcu_sum_rows(const qmcu_sum_rows_params *params, const int8_t *input, const int32_t *before,
                   int32_t *after)
{
    const int32_t depth = params->depth;
    const int8_t *const last = input + (params->pixels - 1) * depth;
    for (int32_t channel = 0; channel < depth; ++channel) {
        int32_t sum = before == NULL ? 0 : before[channel];
        for (const int8_t *pixel = input + channel; pixel <= last + channel; pixel += depth) {
            sum += *pixel;
        }
        after[channel] = sum;
    }
}
