#include "depthwise_3x3_int4_dsp.h"

typedef struct {
    uint32_t nibbles; /* weights 0 to 7, row after row, the first one lowest */
    uint32_t rest;    /* weight 8, then bytes of shift and output zero point */
    int32_t bias, multiplier;
} packed_channel;

/* Twice weight `i` of those in nibbles, which are shifted to the top. */
static inline uint32_t twice(uint32_t nibbles, int32_t i)
{
    return (uint32_t)((int32_t)(nibbles << (28 - 4 * i)) >> 28) * 2u;
}

static inline uint32_t pair(uint32_t low, uint32_t high)
{
    return (low & 0xFFFFu) | high << 16;
}

static void unpack(const int32_t *channels, int32_t first, qmcu_depthwise_channel four[4])
{
    const packed_channel *from = (const packed_channel *)channels + first;
    for (int32_t i = 0; i < 4; ++i, ++from, ++four) {
        const int32_t zero_point = (int8_t)(from->rest >> 16);
        const int32_t shift = (int32_t)(from->rest >> 8 & 0xFFu);
        for (int32_t column = 0; column < 3; ++column) {
            const uint32_t middle = twice(from->nibbles, 3 + column);
            const uint32_t last =
                column < 2 ? twice(from->nibbles, 6 + column) : twice(from->rest, 0);
            four->weights[2 * column] = pair(twice(from->nibbles, column), middle);
            four->weights[2 * column + 1] = pair(middle, last);
        }
        four->bias = (int32_t)((uint32_t)from->bias * 2u);
        four->multiplier = from->multiplier;
        four->rounding = (1 << (shift - 1)) + (int32_t)((uint32_t)zero_point << shift);
        four->shift = shift;
    }
}

void qmcu_depthwise_3x3_int4_dsp(const qmcu_depthwise_3x3_int4_dsp_params *params,
                                 const int8_t *input, const int32_t *channels, void *scratch,
                                 int8_t *output)
{
    qmcu_depthwise_3x3_unpacked_dsp(params, input, channels, scratch, output, unpack);
}
