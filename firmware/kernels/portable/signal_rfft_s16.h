#ifndef QMCU_SIGNAL_RFFT_S16_H
#define QMCU_SIGNAL_RFFT_S16_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t length; /* of a row of the input */
    int32_t half;   /* of the transform: complex numbers */
    int32_t stride; /* of a row of the output, in complex numbers */
} qmcu_signal_rfft_s16_params;

/* Rows are filled up with zeros; `scratch` holds `half` complex numbers. */
void qmcu_signal_rfft_s16(const qmcu_signal_rfft_s16_params *params, const int16_t *input,
                          const int16_t *factors, const int16_t *turns, int8_t *scratch,
                          int16_t *output);

#endif
