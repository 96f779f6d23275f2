/* Four channels at a time: SXTAB16 adds two bytes to two halfwords. */
#include "average_all_dsp.h"

#include "dsp.h"

static int8_t mean(int32_t sum, int32_t count)
{
    return (int8_t)((sum > 0 ? sum + count / 2 : sum - count / 2) / count);
}

void qmcu_average_all_dsp(const qmcu_average_all_dsp_params *params, const int8_t *input,
                          int8_t *output)
{
    const int32_t depth = params->depth, pixels = params->pixels;
    for (int32_t batch = 0; batch < params->batches; ++batch) {
        for (int32_t channel = 0; channel < depth; channel += 4) {
            const int8_t *from = input + channel;
            int32_t sums[4] = {0, 0, 0, 0};
            for (int32_t left = pixels; left > 0;) {
                uint32_t even = 0, odd = 0;
                int32_t part = left < 255 ? left : 255;
                left -= part;
                for (; part >= 4; part -= 4) {
                    const uint32_t a = qmcu_load_word(from);
                    const uint32_t b = qmcu_load_word(from += depth);
                    const uint32_t c = qmcu_load_word(from += depth);
                    const uint32_t d = qmcu_load_word(from += depth);
                    from += depth;
                    even = qmcu_sxtab16(qmcu_sxtab16(qmcu_sxtab16(qmcu_sxtab16(even, a), b), c), d);
                    odd = qmcu_sxtab16_odd(
                        qmcu_sxtab16_odd(qmcu_sxtab16_odd(qmcu_sxtab16_odd(odd, a), b), c), d);
                }
                for (; part > 0; --part) {
                    const uint32_t a = qmcu_load_word(from);
                    from += depth;
                    even = qmcu_sxtab16(even, a);
                    odd = qmcu_sxtab16_odd(odd, a);
                }
                sums[0] += (int16_t)even;
                sums[1] += (int16_t)odd;
                sums[2] += (int32_t)even >> 16;
                sums[3] += (int32_t)odd >> 16;
            }
            for (int32_t i = 0; i < 4; ++i) {
                *output++ = mean(sums[i], pixels);
            }
        }
        input += pixels * depth;
    }
}
