/* The loops of conv_2d_dsp and conv_2d_dsp_s16, which differ in the width of the weights. */
#ifndef QMCU_CONVOLVE_DSP_H
#define QMCU_CONVOLVE_DSP_H

#include "columns_dsp.h"
#include "multiply_dsp.h"

static inline __attribute__((always_inline)) void
qmcu_multiply(const qmcu_conv_2d_dsp_params *p, const uint32_t *columns, const void *weights,
              int32_t wide, const qmcu_channel *channels, int8_t *first, int8_t *second)
{
    if (wide) {
        qmcu_multiply_s16(columns, weights, (uint32_t)p->steps, channels, p->output_depth, first,
                          second);
    } else {
        qmcu_multiply_s8(columns, weights, (uint32_t)p->steps, channels, p->output_depth, first,
                         second);
    }
}

static inline __attribute__((always_inline)) void
qmcu_convolve_dsp(const qmcu_conv_2d_dsp_params *p, const int8_t *input, const void *weights,
                  int32_t wide, const qmcu_channel *channels, uint32_t *columns, int8_t *output)
{
    int8_t *const bytes = (int8_t *)(columns + 4 * p->steps);
    int32_t pending = 0;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        int32_t y = -p->padding_top;
        for (int32_t row = 0; row < p->output_height; ++row, y += p->stride_height) {
            int32_t x = -p->padding_left;
            for (int32_t column = 0; column < p->output_width; ++column, x += p->stride_width) {
                qmcu_lay_out_column(p, input, y, x, columns + 2 * pending, bytes);
                pending ^= 1;
                if (pending == 0) {
                    qmcu_multiply(p, columns, weights, wide, channels, output,
                                  output + p->output_depth);
                    output += 2 * p->output_depth;
                }
            }
        }
        input += p->input_height * p->input_width * p->input_depth;
    }
    if (pending) {
        /* An odd column is left: the results of the other one, which is old, are overwritten. */
        qmcu_multiply(p, columns, weights, wide, channels, output, output);
    }
}

#endif
