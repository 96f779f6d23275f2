/* A channel is the weighted energies of its band and the unweighted ones of the band before. */
#include "signal_filter_bank.h"

void qmcu_signal_filter_bank(const qmcu_signal_filter_bank_params *params, const uint32_t *input,
                             const int16_t *weights, const int16_t *unweights,
                             const int16_t *frequency_starts, const int16_t *weight_starts,
                             const int16_t *widths, uint64_t *output)
{

    uint64_t rest = 0;
    for (int32_t i = 0; i < params->channels + 1; ++i) {
        uint64_t sum = rest;
        rest = 0;
        for (int32_t j = 0; j < widths[i]; ++j) {
            const uint64_t energy = input[frequency_starts[i] + j];
            const int32_t at = weight_starts[i] + j;
            sum += (uint64_t)(int64_t)weights[at] * energy;
            rest += (uint64_t)(int64_t)unweights[at] * energy;
        }
        if (i > 0) {
            output[i - 1] = sum;
        }
    }
}
