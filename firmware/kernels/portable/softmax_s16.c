/* Softmax of int16 over the last dimension: exp(x - max) / sum of exp(x - max), both functions from
   tables of 513 entries with straight lines between them. */
#include "softmax_s16.h"

#include "accumulate_s16.h"

/* The table at (value + 2^15) / 2^7. */
static int32_t interpolated(const int16_t *table, int32_t value)
{
    const int16_t *const entry = table + (256 + (value >> 7));
    return entry[0] + (((entry[1] - entry[0]) * (value & 0x7f) + 64) >> 7);
}

static void softmax_row(const qmcu_softmax_s16_params *p, const int16_t *input,
                        const int16_t *exponentials, const int16_t *reciprocals, int16_t *output)
{
    int32_t largest = INT16_MIN;
    for (int32_t i = 0; i < p->depth; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    int32_t sum = 0; /* Q16.15 */
    for (int32_t i = 0; i < p->depth; ++i) {
        /* From -65535 for -10 to 0 for 0, moved by half of that. */
        const int32_t scaled = qmcu_requantize(input[i] - largest, p->multiplier, p->shift);
        const int32_t place = qmcu_clamp_s16(scaled + INT16_MAX, INT16_MIN, INT16_MAX);
        output[i] = (int16_t)interpolated(exponentials, place);
        sum += output[i];
    }
    int32_t bits = 31; /* of the sum: 2^30 <= sum * 2^(31 - bits) < 2^31 */
    while (((uint32_t)sum << (31 - bits) & 0x40000000u) == 0u) {
        --bits;
    }
    /* The sum as 2^16 * (1 + x); x from 0 to 1 is -2^15 to 2^15 for the table. */
    const uint32_t one_and_x = (((uint32_t)sum << (31 - bits)) + (1u << 13)) >> 14;
    const int32_t x = qmcu_clamp_s16((int32_t)one_and_x - 0x18000, INT16_MIN, INT16_MAX);
    const int32_t reciprocal = interpolated(reciprocals, x);
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t shift = bits - 1;
        const int32_t rounded = output[i] * reciprocal + (1 << (shift - 1));
        output[i] = qmcu_clamp_s16(rounded >> shift, 0, INT16_MAX);
    }
}

void qmcu_softmax_s16(const qmcu_softmax_s16_params *params, const int16_t *input,
                      const int16_t *exponentials, const int16_t *reciprocals, int16_t *output)
{
    for (int32_t row = 0; row < params->rows; ++row) {
        softmax_row(params, input, exponentials, reciprocals, output);
        input += params->depth;
        output += params->depth;
    }
}
