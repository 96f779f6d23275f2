#ifndef QMCU_SIGNAL_FILTER_BANK_SQUARE_ROOT_H
#define QMCU_SIGNAL_FILTER_BANK_SQUARE_ROOT_H

#include <stdint.h>

typedef struct {
    int32_t size;
} qmcu_signal_filter_bank_square_root_params;

void qmcu_signal_filter_bank_square_root(const qmcu_signal_filter_bank_square_root_params *params,
                                         const uint64_t *input, const int32_t *scale_bits,
                                         uint32_t *output);

#endif
