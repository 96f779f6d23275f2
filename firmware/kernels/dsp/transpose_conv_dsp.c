/* transpose_conv with the products of the DSP extension. */
#include "transpose_conv_dsp.h"

#include "dsp.h"
#include "transpose_conv_code.h"

/* The products less the zero point times the sum of the weights. */
static inline uint32_t dot(uint32_t sum, const int8_t *tap, const int8_t *pixel, int32_t zero_point,
                           int32_t count)
{
    const uint32_t ones = 0x10001u;
    int32_t products = (int32_t)sum, weights = 0;
    for (; count >= 4; count -= 4, tap += 4, pixel += 4) {
        const uint32_t x = qmcu_load_word(pixel), w = qmcu_load_word(tap);
        const uint32_t even = qmcu_sxtb16(w), odd = qmcu_sxtb16_odd(w);
        products = qmcu_smlad(even, qmcu_sxtb16(x), products);
        weights = qmcu_smlad(even, ones, weights);
        products = qmcu_smlad(odd, qmcu_sxtb16_odd(x), products);
        weights = qmcu_smlad(odd, ones, weights);
    }
    sum = (uint32_t)products - (uint32_t)(weights * zero_point);
    for (; count > 0; --count) {
        sum += (uint32_t)(*tap++ * (*pixel++ - zero_point));
    }
    return sum;
}

void qmcu_transpose_conv_dsp(const qmcu_transpose_conv_dsp_params *params, const int8_t *input,
                             const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                             const int8_t *shifts, int8_t *output)
{
    qmcu_transpose_conv_by(params, input, weights, bias, multipliers, shifts, output, dot);
}
