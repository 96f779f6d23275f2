#ifndef QMCU_SIGNAL_FILTER_BANK_H
#define QMCU_SIGNAL_FILTER_BANK_H

#include <stdint.h>

typedef struct {
    int32_t channels;
} qmcu_signal_filter_bank_params;

/* Band 0 only gives its unweighted energies to channel 0: there are channels + 1 bands. */
void qmcu_signal_filter_bank(const qmcu_signal_filter_bank_params *params, const uint32_t *input,
                             const int16_t *weights, const int16_t *unweights,
                             const int16_t *frequency_starts, const int16_t *weight_starts,
                             const int16_t *widths, uint64_t *output);

#endif
