#ifndef QMCU_SIGNAL_ENERGY_H
#define QMCU_SIGNAL_ENERGY_H

#include <stdint.h>

typedef struct {
    int32_t size; /* of the output */
    int32_t start_index;
    int32_t end_index;
} qmcu_signal_energy_params;

/* The input is complex numbers: real part, imaginary part. */
void qmcu_signal_energy(const qmcu_signal_energy_params *params, const int16_t *input,
                        uint32_t *output);

#endif
