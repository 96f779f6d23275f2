/* output = input * 2^bits, with the largest magnitude just below 2^15. */
#include "signal_fft_auto_scale.h"

void qmcu_signal_fft_auto_scale(const qmcu_signal_fft_auto_scale_params *params,
                                const int16_t *input, int16_t *output, int32_t *scale_bits)
{

    int16_t largest = 0;
    for (int32_t i = 0; i < params->size; ++i) {
        const int32_t magnitude = input[i] < 0 ? -input[i] : input[i];
        if (magnitude > largest) {
            /* 32768 becomes -32768, as in the interpreter. */
            largest = (int16_t)magnitude;
        }
    }
    /* The free bits above the largest magnitude but the sign; none where nothing is known. */
    int32_t used = 32;
    if (largest > 0) {
        used = 0;
        for (int32_t rest = largest; rest != 0; rest >>= 1) {
            ++used;
        }
    }
    const int32_t bits = used >= 15 ? 0 : 15 - used;
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = (int16_t)(input[i] * (1 << bits));
    }
    *scale_bits = bits;
}
