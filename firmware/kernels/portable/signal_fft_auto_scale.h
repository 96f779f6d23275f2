#ifndef QMCU_SIGNAL_FFT_AUTO_SCALE_H
#define QMCU_SIGNAL_FFT_AUTO_SCALE_H

#include <stdint.h>

typedef struct {
    int32_t size;
} qmcu_signal_fft_auto_scale_params;

void qmcu_signal_fft_auto_scale(const qmcu_signal_fft_auto_scale_params *params,
                                const int16_t *input, int16_t *output, int32_t *scale_bits);

#endif
