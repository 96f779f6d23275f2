#ifndef QMCU_SIGNAL_FILTER_BANK_LOG_H
#define QMCU_SIGNAL_FILTER_BANK_LOG_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t output_scale;
    int32_t correction_bits;
} qmcu_signal_filter_bank_log_params;

/* The table holds 65536 * (log2(1 + i / 128) - i / 128) for i from 0 to 128. */
void qmcu_signal_filter_bank_log(const qmcu_signal_filter_bank_log_params *params,
                                 const uint32_t *input, const uint16_t *table, int16_t *output);

#endif
