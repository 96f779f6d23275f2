/* The distance of int16 numbers from zero, in the output's scale; zero points are 0. */
#include "abs_s16.h"

#include "requantize.h"

void qmcu_abs_s16(const qmcu_abs_s16_params *params, const int16_t *input, int16_t *output)
{
    const qmcu_abs_s16_params *const p = params;
    for (int32_t i = 0; i < p->size; ++i) {
        int32_t value = input[i] < 0 ? -input[i] : input[i];
        if (p->rescales) {
            value = qmcu_requantize(value, p->multiplier, p->shift);
        }
        output[i] = (int16_t)(value > INT16_MAX ? INT16_MAX : value);
    }
}
