/* fully_connected for the DSP extension: the input as halfwords, times four outputs at a time. */
#include "fully_connected_dsp.h"

#include "dot_dsp.h"

void qmcu_fully_connected_dsp(const qmcu_fully_connected_dsp_params *params, const int8_t *input,
                              const int8_t *weights, const int32_t *channels, void *scratch,
                              int8_t *output)
{
    const qmcu_fully_connected_dsp_params *const p = params;
    const uint32_t steps = (uint32_t)p->steps;
    uint32_t *const column = scratch;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        int32_t i = 0;
        for (; i + 4 <= p->input_depth; i += 4) {
            qmcu_expand(input + i, column + i / 2);
        }
        if (i < p->input_depth) {
            int8_t rest[4] = {0, 0, 0, 0};
            memcpy(rest, input + i, (uint32_t)(p->input_depth - i));
            qmcu_expand(rest, column + i / 2);
        }
        const qmcu_channel *channel = (const qmcu_channel *)channels;
        const int8_t *filters = weights;
        for (int32_t first = 0; first < p->output_depth; first += 4) {
            int32_t sums[4] = {channel[0].bias, channel[1].bias, channel[2].bias, channel[3].bias};
            qmcu_dot_4x1_s8(column, filters, steps, sums);
            const int32_t left = p->output_depth - first;
            for (int32_t k = 0; k < 4 && k < left; ++k) {
                output[first + k] = qmcu_channel_output(sums[k], channel + k);
            }
            channel += 4;
            filters += 16 * steps;
        }
        input += p->input_depth;
        output += p->output_depth;
    }
}
