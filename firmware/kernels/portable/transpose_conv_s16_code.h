/* Transposed 2-D convolution of int16 with int8 weights, gathered: each output collects the inputs
   that qmcu_reach it.

   Input (i, j) through tap (k, l) reaches output (i * stride_height + k - padding_top,
   j * stride_width + l - padding_left).
   sum[o] = bias[o] + sum of weight * input over what reaches the output;
   output = clamp(requantize(sum)). */
#ifndef QMCU_TRANSPOSE_CONV_S16_CODE_H
#define QMCU_TRANSPOSE_CONV_S16_CODE_H

#include "transpose_conv_s16.h"
#include "accumulate_s16.h"
#include "reach.h"

/* One output channel at the output whose inputs are `rows` and `columns`. */
static inline __attribute__((always_inline)) int64_t gather(const qmcu_transpose_conv_s16_params *p,
                                                            int64_t sum, const int16_t *input,
                                                            const int8_t *filter, int32_t y,
                                                            int32_t x, qmcu_reach rows,
                                                            qmcu_reach columns,
                                                            qmcu_dot_s16_function *dot)
{
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int32_t filter_row = (y - row * p->stride_height) * p->kernel_width;
        for (int32_t column = columns.first; column < columns.end; ++column) {
            const int32_t tap = filter_row + x - column * p->stride_width;
            sum = dot(sum, input + (row * p->input_width + column) * p->input_depth,
                      filter + tap * p->input_depth, p->input_depth);
        }
    }
    return sum;
}

static inline __attribute__((always_inline)) void
qmcu_transpose_conv_s16_by(const qmcu_transpose_conv_s16_params *params, const int16_t *input,
                           const int8_t *weights, const int64_t *bias, const int32_t *multipliers,
                           const int8_t *shifts, int16_t *output, qmcu_dot_s16_function *dot)
{
    const qmcu_transpose_conv_s16_params *const p = params;
    const int32_t filter_size = p->kernel_height * p->kernel_width * p->input_depth;
    for (int32_t row = 0; row < p->batches * p->output_height; ++row) {
        const int32_t batch = row / p->output_height;
        const int16_t *const image =
            input + batch * p->input_height * p->input_width * p->input_depth;
        const int32_t y = row % p->output_height + p->padding_top;
        const qmcu_reach rows =
            qmcu_reaching(y, p->stride_height, p->kernel_height, p->input_height);
        for (int32_t column = 0; column < p->output_width; ++column) {
            const int32_t x = column + p->padding_left;
            const qmcu_reach columns =
                qmcu_reaching(x, p->stride_width, p->kernel_width, p->input_width);
            const int8_t *filter = weights;
            for (int32_t channel = 0; channel < p->output_depth; ++channel) {
                const int64_t sum =
                    gather(p, bias[channel], image, filter, y, x, rows, columns, dot);
                const int32_t r = channel * p->requantization_step;
                *output++ = qmcu_output_s16(sum, multipliers[r], shifts[r], 1,
                                            p->activation_minimum, p->activation_maximum);
                filter += filter_size;
            }
        }
    }
}

#endif
