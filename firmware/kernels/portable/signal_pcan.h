#ifndef QMCU_SIGNAL_PCAN_H
#define QMCU_SIGNAL_PCAN_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t snr_shift;
} qmcu_signal_pcan_params;

void qmcu_signal_pcan(const qmcu_signal_pcan_params *params, const uint32_t *input,
                      const uint32_t *noise, const int16_t *table, uint32_t *output);

#endif
