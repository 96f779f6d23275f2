#ifndef QMCU_SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION_H
#define QMCU_SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t smoothing;
    int32_t one_minus_smoothing;
    int32_t alternate_smoothing;
    int32_t alternate_one_minus_smoothing;
    int32_t smoothing_bits;
    int32_t subtraction_bits;
    int32_t min_signal_remaining;
    int32_t clamping;
} qmcu_signal_filter_bank_spectral_subtraction_params;

/* `noise` is kept from one inference to the next; odd channels are smoothed alternately. */
void qmcu_signal_filter_bank_spectral_subtraction(
    const qmcu_signal_filter_bank_spectral_subtraction_params *params, const uint32_t *input,
    uint32_t *noise, uint32_t *output, uint32_t *estimate);

#endif
