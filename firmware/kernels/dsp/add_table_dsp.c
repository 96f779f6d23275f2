/* Twice the sum is (wider << 20) + table[other]: the larger scale has the multiplier 1/2. */
#include "add_table_dsp.h"

#include "dsp.h"

/* wider's byte is the uppermost of `wider`. */
static inline int8_t sum_of(uint32_t wider, int32_t other, int32_t multiplier, int32_t rounding,
                            int32_t shift)
{
    return qmcu_requantize_s8((int32_t)((uint32_t)((int32_t)wider >> 4) + (uint32_t)other),
                              multiplier, rounding, shift);
}

static inline uint32_t without_low(uint32_t a)
{
    return a & 0xFF000000u;
}

void qmcu_add_table_dsp(const qmcu_add_table_dsp_params *params, const int8_t *wider,
                        const int8_t *other, const int32_t *table, int8_t *output)
{
    const int32_t multiplier = params->multiplier, rounding = params->rounding,
                  shift = params->shift;
    const int8_t *const end = wider + params->size;
    const int8_t *const whole = wider + (params->size & ~3);
    while (wider != whole) {
        const uint32_t a = qmcu_load_word(wider), b = qmcu_load_word(other);
        output[0] = sum_of(a << 24, table[b & 255u], multiplier, rounding, shift);
        output[1] = sum_of(without_low(a << 16), table[b >> 8 & 255u], multiplier, rounding, shift);
        output[2] = sum_of(without_low(a << 8), table[b >> 16 & 255u], multiplier, rounding, shift);
        output[3] = sum_of(without_low(a), table[b >> 24], multiplier, rounding, shift);
        wider += 4;
        other += 4;
        output += 4;
    }
    while (wider != end) {
        *output++ = sum_of((uint32_t)(uint8_t)*wider++ << 24, table[(uint8_t)*other++], multiplier,
                           rounding, shift);
    }
}
