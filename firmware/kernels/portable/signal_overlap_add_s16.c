/* Frames added where they overlap; the first step of each sum is complete. */
#include "signal_overlap_add_s16.h"

#include <stddef.h>
#include <string.h>

void qmcu_signal_overlap_add_s16(const qmcu_signal_overlap_add_s16_params *params,
                                 const int16_t *input, int16_t *kept, int16_t *output)
{

    const size_t step = (size_t)params->step * sizeof(int16_t);
    const size_t rest = (size_t)(params->size - params->step) * sizeof(int16_t);
    for (int32_t row = 0; row < params->outer * params->frames; ++row) {
        for (int32_t i = 0; i < params->size; ++i) {
            const int32_t sum = input[i] + kept[i];
            const int32_t low = sum < INT16_MIN ? INT16_MIN : sum;
            kept[i] = (int16_t)(low > INT16_MAX ? INT16_MAX : low);
        }
        memcpy(output, kept, step);
        memmove(kept, kept + params->step, rest);
        memset(kept + (params->size - params->step), 0, step);
        input += params->size;
        output += params->step;
        if ((row + 1) % params->frames == 0) {
            kept += params->size;
        }
    }
}
