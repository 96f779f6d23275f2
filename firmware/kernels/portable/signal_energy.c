/* output = real^2 + imaginary^2 from start to end, else 0. */
#include "signal_energy.h"

void qmcu_signal_energy(const qmcu_signal_energy_params *params, const int16_t *input,
                        uint32_t *output)
{

    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = 0;
    }
    for (int32_t i = params->start_index; i < params->end_index; ++i) {
        const int32_t real = input[2 * i], imaginary = input[2 * i + 1];
        output[i] = (uint32_t)(real * real) + (uint32_t)(imaginary * imaginary);
    }
}
