#include "depthwise_3x3_packed_dsp.h"

#include "dsp.h"

/* Of two halfwords; the lower one's sign does not reach the upper one. */
static inline uint32_t twice(uint32_t halfwords)
{
    return (halfwords << 1) & ~0x10000u;
}

static void unpack(const int32_t *channels, int32_t first, qmcu_depthwise_channel four[4])
{
    const qmcu_depthwise_packed *from =
        (const qmcu_depthwise_packed *)(const void *)channels + first;
    for (int32_t i = 0; i < 4; ++i, ++from, ++four) {
        const int32_t shift = (int32_t)(from->columns[0] >> 24);
        const int32_t zero_point = (int32_t)from->columns[1] >> 24;
        for (int32_t column = 0; column < 3; ++column) {
            const uint32_t ends = qmcu_sxtb16(from->columns[column]);
            const uint32_t middle = qmcu_sxtb16_odd(from->columns[column]);
            four->weights[2 * column] = twice(qmcu_pack_low(ends, middle));
            four->weights[2 * column + 1] = twice((middle & 0xFFFFu) | (ends & 0xFFFF0000u));
        }
        four->bias = (int32_t)((uint32_t)from->bias * 2u);
        four->multiplier = from->multiplier;
        four->rounding = (int32_t)((uint32_t)(2 * zero_point + 1) << (shift - 1));
        four->shift = shift;
    }
}

void qmcu_depthwise_3x3_packed_dsp(const qmcu_depthwise_3x3_packed_dsp_params *params,
                                   const int8_t *input, const int32_t *channels, void *scratch,
                                   int8_t *output)
{
    qmcu_depthwise_3x3_unpacked_dsp(params, input, channels, scratch, output, unpack);
}
