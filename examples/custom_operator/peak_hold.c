/* held = max(input - zero_point, held - (held >> decay)), output = held + zero_point. */
#include "peak_hold.h"

void qmcu_peak_hold(const qmcu_peak_hold_params *params, const int8_t *input, uint8_t *held,
                    int8_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        const int32_t decayed = held[i] - (held[i] >> params->decay);
        const int32_t value = input[i] - params->zero_point;
        const int32_t peak = value > decayed ? value : decayed;
        /* At most 127 - zero_point, as every input is. */
        held[i] = (uint8_t)peak;
        output[i] = (int8_t)(peak + params->zero_point);
    }
}
