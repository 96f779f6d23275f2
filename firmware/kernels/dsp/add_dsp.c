/* add without broadcasting for the DSP extension. The input of the larger scale has the multiplier
   1/2, which is a shift: (x - zero_point) * 2^20 / 2. */
#include "add_dsp.h"

#include "dsp.h"

static inline int32_t sum_of(int32_t wider, int32_t other, const qmcu_add_dsp_params *p)
{
    const int32_t h =
        qmcu_smmulr((int32_t)((uint32_t)(other - p->zero_point) << p->left_shift), p->multiplier);
    const int32_t scaled = (h + (h >> 31) + p->rounding) >> p->shift;
    return scaled + (int32_t)((uint32_t)wider << 19) + p->offset;
}

void qmcu_add_dsp(const qmcu_add_dsp_params *params, const int8_t *wider, const int8_t *other,
                  int8_t *output)
{
    const qmcu_add_dsp_params p = *params;
    const qmcu_channel channel = {0, p.output_multiplier, p.output_rounding, p.output_shift};
    int32_t left = p.size;
    for (; left >= 4; left -= 4) {
        for (int32_t i = 0; i < 4; ++i) {
            output[i] = qmcu_channel_output(sum_of(wider[i], other[i], &p), &channel);
        }
        wider += 4;
        other += 4;
        output += 4;
    }
    for (; left > 0; --left) {
        *output++ = qmcu_channel_output(sum_of(*wider++, *other++, &p), &channel);
    }
}
