#ifndef QMCU_SIGNAL_IRFFT_F32_H
#define QMCU_SIGNAL_IRFFT_F32_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t half;   /* of the transform: complex numbers */
    int32_t stride; /* of a row of the input, in complex numbers */
    int32_t length; /* of a row of the output */
} qmcu_signal_irfft_f32_params;

/* `scratch` holds `half` complex numbers. */
void qmcu_signal_irfft_f32(const qmcu_signal_irfft_f32_params *params, const float *input,
                           const float *factors, const float *turns, int8_t *scratch,
                           float *output);

#endif
