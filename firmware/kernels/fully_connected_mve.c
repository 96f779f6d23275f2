/* Fully connected layers for MVE: four outputs at a time, 16 products an instruction. */
#include "fully_connected_mve.h"

#include "mve.h"

void qmcu_fully_connected_mve(const qmcu_fully_connected_mve_params *params, const int8_t *input,
                              const int8_t *weights, const int32_t *channels, void *scratch,
                              int8_t *output)
{
    const int32_t steps = params->steps;
    const int32_t zero_point = params->output_zero_point;
    const int32_t minimum = params->activation_minimum;
    const int32_t maximum = params->activation_maximum;

    for (int32_t batch = 0; batch < params->batches; batch++) {
        const int8_t *row = input;
        if (!params->direct) {
            qmcu_mve_copy(scratch, input, params->input_depth);
            row = scratch;
        }
        const int8_t *w = weights;
        const int32_t *channel = channels;
        for (int32_t left = params->output_depth; left > 0; left -= 4, output += 4) {
            const int8_t *x = row;
            int32_t a = channel[0];
            int32_t b = channel[1];
            int32_t c = channel[2];
            int32_t d = channel[3];
            for (int32_t n = steps; n > 0; n--, x += 16, w += 64) {
                const int8x16_t values = vldrbq_s8(x);
                a = vmladavaq_s8(a, values, vldrbq_s8(w));
                b = vmladavaq_s8(b, values, vldrbq_s8(w + 16));
                c = vmladavaq_s8(c, values, vldrbq_s8(w + 32));
                d = vmladavaq_s8(d, values, vldrbq_s8(w + 48));
            }
            int32x4_t sums = qmcu_mve_four(a, b, c, d);
            sums = qmcu_mve_away(vqrdmulhq_s32(sums, vldrwq_s32(channel + 4)));
            sums = vrshlq_s32(sums, vldrwq_s32(channel + 8));
            sums = qmcu_mve_clamp(sums, zero_point, minimum, maximum);
            vstrbq_p_s32(output, sums, vctp32q((uint32_t)left));
            channel += 12;
        }
        /* The last four may be less. */
        output -= (4 - (params->output_depth & 3)) & 3;
        input += params->input_depth;
    }
}
