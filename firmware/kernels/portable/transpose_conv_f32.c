/* Transposed 2-D convolution of real numbers, gathered: each output collects the inputs that reach
   it, in the order in which the interpreter scatters them.

   Input (i, j) through tap (k, l) reaches output (i * stride_height + k - padding_top,
   j * stride_width + l - padding_left).
   clamp((sum of input * weight over what reaches the output) + bias), each product and sum rounded. */
#include "transpose_conv_f32.h"

#include "clamp_f32.h"
#include "reach.h"

/* One output channel at the output whose inputs are `rows` and `columns`. */
static float gather(const qmcu_transpose_conv_f32_params *p, const float *input,
                    const float *filter, int32_t y, int32_t x, qmcu_reach rows, qmcu_reach columns)
{
    float sum = 0.0f;
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int32_t filter_row = (y - row * p->stride_height) * p->kernel_width;
        for (int32_t column = columns.first; column < columns.end; ++column) {
            const float *const pixel = input + (row * p->input_width + column) * p->input_depth;
            const float *const tap =
                filter + (filter_row + x - column * p->stride_width) * p->input_depth;
            for (int32_t channel = 0; channel < p->input_depth; ++channel) {
                sum += pixel[channel] * tap[channel];
            }
        }
    }
    return sum;
}

void qmcu_transpose_conv_f32(const qmcu_transpose_conv_f32_params *params, const float *input,
                             const float *weights, const float *bias, float *output)
{
    const qmcu_transpose_conv_f32_params *const p = params;
    const int32_t filter_size = p->kernel_height * p->kernel_width * p->input_depth;
    for (int32_t row = 0; row < p->batches * p->output_height; ++row) {
        const int32_t batch = row / p->output_height;
        const float *const image =
            input + batch * p->input_height * p->input_width * p->input_depth;
        const int32_t y = row % p->output_height + p->padding_top;
        const qmcu_reach rows =
            qmcu_reaching(y, p->stride_height, p->kernel_height, p->input_height);
        for (int32_t column = 0; column < p->output_width; ++column) {
            const int32_t x = column + p->padding_left;
            const qmcu_reach columns =
                qmcu_reaching(x, p->stride_width, p->kernel_width, p->input_width);
            for (int32_t channel = 0; channel < p->output_depth; ++channel) {
                const float sum =
                    gather(p, image, weights + channel * filter_size, y, x, rows, columns);
                *output++ = qmcu_clamp_f32(sum + bias[channel], p->activation_minimum,
                                           p->activation_maximum);
            }
        }
    }
}
