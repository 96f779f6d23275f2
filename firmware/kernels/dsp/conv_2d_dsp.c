/* conv_2d for the DSP extension: windows are laid out as columns of halfwords, two at a time, and
   multiplied with two filters at a time. A tap outside the image is the input zero point, whose
   share is in the bias, so that borders cost nothing in the product. */
#include "conv_2d_dsp.h"

#include "columns_dsp.h"
#include "multiply_dsp.h"

void qmcu_conv_2d_dsp(const qmcu_conv_2d_dsp_params *p, const int8_t *input, const int8_t *weights,
                      const int32_t *channels, void *scratch, int8_t *output)
{
    const qmcu_channel *const filters = (const qmcu_channel *)channels;
    uint32_t *const columns = scratch;
    int32_t pending = 0;
    for (int32_t batch = 0; batch < p->window.batches; ++batch) {
        int32_t y = -p->window.padding_top;
        for (int32_t row = 0; row < p->window.output_height; ++row, y += p->window.stride_height) {
            int32_t x = -p->window.padding_left;
            for (int32_t column = 0; column < p->window.output_width;
                 ++column, x += p->window.stride_width) {
                qmcu_lay_out_column(p, input, y, x, columns + 2 * pending);
                pending ^= 1;
                if (pending == 0) {
                    qmcu_multiply_s8(columns, weights, (uint32_t)p->steps, filters,
                                     p->window.output_depth, output,
                                     output + p->window.output_depth);
                    output += 2 * p->window.output_depth;
                }
            }
        }
        input += p->window.input_height * p->window.input_width * p->window.input_depth;
    }
    if (pending) {
        /* An odd column is left: the results of the other one, which is old, are overwritten. */
        qmcu_multiply_s8(columns, weights, (uint32_t)p->steps, filters, p->window.output_depth,
                         output, output);
    }
}
