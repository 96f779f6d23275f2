/* Frames added where they overlap; the first step of each sum is complete. */
#include "signal_overlap_add_f32.h"

#include <stddef.h>
#include <string.h>

void qmcu_signal_overlap_add_f32(const qmcu_signal_overlap_add_f32_params *params,
                                 const float *input, float *kept, float *output)
{

    const size_t step = (size_t)params->step * sizeof(float);
    const size_t rest = (size_t)(params->size - params->step) * sizeof(float);
    for (int32_t row = 0; row < params->outer * params->frames; ++row) {
        for (int32_t i = 0; i < params->size; ++i) {
            kept[i] += input[i];
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
