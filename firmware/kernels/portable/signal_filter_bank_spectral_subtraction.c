/* A smoothed estimate of the noise is subtracted, but a share of the signal remains. */
#include "signal_filter_bank_spectral_subtraction.h"

void qmcu_signal_filter_bank_spectral_subtraction(
    const qmcu_signal_filter_bank_spectral_subtraction_params *params, const uint32_t *input,
    uint32_t *noise, uint32_t *output, uint32_t *estimate)
{

    for (int32_t i = 0; i < params->size; ++i) {
        const int odd = (i & 1) != 0;
        const uint64_t in = (uint32_t)(odd ? params->alternate_smoothing : params->smoothing);
        const uint64_t keep =
            (uint32_t)(odd ? params->alternate_one_minus_smoothing : params->one_minus_smoothing);
        const uint32_t signal = input[i] << params->smoothing_bits;
        noise[i] = (uint32_t)((signal * in + noise[i] * keep) >> params->subtraction_bits);
        uint32_t subtrahend = noise[i];
        if (subtrahend > signal) {
            subtrahend = signal;
            if (params->clamping != 0) {
                noise[i] = signal;
            }
        }
        const uint64_t remaining = (uint32_t)params->min_signal_remaining;
        const uint32_t least = (uint32_t)((input[i] * remaining) >> params->subtraction_bits);
        const uint32_t less = (signal - subtrahend) >> params->smoothing_bits;
        output[i] = less > least ? less : least;
        estimate[i] = noise[i];
    }
}
