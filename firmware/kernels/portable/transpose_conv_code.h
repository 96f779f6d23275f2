/* Transposed 2-D convolution, gathered: each output collects the inputs that qmcu_reach it.

   Input (i, j) through tap (k, l) reaches output (i * stride_height + k - padding_top,
   j * stride_width + l - padding_left).
   sum[o] = bias[o] + sum of weight * (input - input_zero_point) over what reaches the output;
   output = clamp(requantize(sum) + output_zero_point). */
#ifndef QMCU_TRANSPOSE_CONV_CODE_H
#define QMCU_TRANSPOSE_CONV_CODE_H

#include "transpose_conv.h"
#include "accumulate.h"
#include "reach.h"

/* sum + tap[0] * (pixel[0] - zero_point) + ... + tap[count - 1] * (pixel[count - 1] - zero_point) */
typedef uint32_t qmcu_tap_function(uint32_t sum, const int8_t *tap, const int8_t *pixel,
                                   int32_t zero_point, int32_t count);

/* One output channel at the output whose inputs are `rows` and `columns`. */
static inline __attribute__((always_inline)) uint32_t
gather(const qmcu_transpose_conv_params *p, uint32_t sum, const int8_t *input, const int8_t *filter,
       int32_t y, int32_t x, qmcu_reach rows, qmcu_reach columns, qmcu_tap_function *dot)
{
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int32_t filter_row = (y - row * p->stride_height) * p->kernel_width;
        for (int32_t column = columns.first; column < columns.end; ++column) {
            const int8_t *const pixel = input + (row * p->input_width + column) * p->input_depth;
            const int8_t *const tap =
                filter + (filter_row + x - column * p->stride_width) * p->input_depth;
            sum = dot(sum, tap, pixel, p->input_zero_point, p->input_depth);
        }
    }
    return sum;
}

static inline __attribute__((always_inline)) void
qmcu_transpose_conv_by(const qmcu_transpose_conv_params *params, const int8_t *input,
                       const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                       const int8_t *shifts, int8_t *output, qmcu_tap_function *dot)
{
    const qmcu_transpose_conv_params *const p = params;
    const int32_t filter_size = p->kernel_height * p->kernel_width * p->input_depth;
    for (int32_t row = 0; row < p->batches * p->output_height; ++row) {
        const int32_t batch = row / p->output_height;
        const int8_t *const image =
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
                const uint32_t sum =
                    gather(p, (uint32_t)bias[channel], image, filter, y, x, rows, columns, dot);
                const int32_t r = channel * p->requantization_step;
                *output++ = qmcu_output_s8(sum, multipliers[r], shifts[r], p->output_zero_point,
                                           p->activation_minimum, p->activation_maximum);
                filter += filter_size;
            }
        }
    }
}

#endif
