/* Transposed 2-D convolution, gathered: each output collects the inputs that reach it.

   Input (i, j) through tap (k, l) reaches output (i * stride_height + k - padding_top,
   j * stride_width + l - padding_left).
   sum[o] = bias[o] + sum of weight * (input - input_zero_point) over what reaches the output;
   output = clamp(requantize(sum) + output_zero_point). */
#include "transpose_conv.h"

#include "accumulate.h"

/* Along one axis: the inputs first <= i < end that reach `position` = output + padding. */
typedef struct {
    int32_t first;
    int32_t end;
} reach;

static reach reaching(int32_t position, int32_t stride, int32_t taps, int32_t size)
{
    reach inputs = {0, position / stride + 1};
    if (position >= taps) {
        inputs.first = (position - taps) / stride + 1;
    }
    if (inputs.end > size) {
        inputs.end = size;
    }
    return inputs;
}

/* One output channel at the output whose inputs are `rows` and `columns`. */
static uint32_t gather(const qmcu_transpose_conv_params *p, uint32_t sum, const int8_t *input,
                       const int8_t *filter, int32_t y, int32_t x, reach rows, reach columns)
{
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int32_t filter_row = (y - row * p->stride_height) * p->kernel_width;
        for (int32_t column = columns.first; column < columns.end; ++column) {
            const int8_t *const pixel = input + (row * p->input_width + column) * p->input_depth;
            const int8_t *const tap =
                filter + (filter_row + x - column * p->stride_width) * p->input_depth;
            for (int32_t channel = 0; channel < p->input_depth; ++channel) {
                sum += (uint32_t)(tap[channel] * (pixel[channel] - p->input_zero_point));
            }
        }
    }
    return sum;
}

void qmcu_transpose_conv(const qmcu_transpose_conv_params *params, const int8_t *input,
                         const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                         const int8_t *shifts, int8_t *output)
{
    const qmcu_transpose_conv_params *const p = params;
    const int32_t filter_size = p->kernel_height * p->kernel_width * p->input_depth;
    for (int32_t row = 0; row < p->batches * p->output_height; ++row) {
        const int32_t batch = row / p->output_height;
        const int8_t *const image =
            input + batch * p->input_height * p->input_width * p->input_depth;
        const int32_t y = row % p->output_height + p->padding_top;
        const reach rows = reaching(y, p->stride_height, p->kernel_height, p->input_height);
        for (int32_t column = 0; column < p->output_width; ++column) {
            const int32_t x = column + p->padding_left;
            const reach columns = reaching(x, p->stride_width, p->kernel_width, p->input_width);
            const int8_t *filter = weights;
            for (int32_t channel = 0; channel < p->output_depth; ++channel) {
                const uint32_t sum =
                    gather(p, (uint32_t)bias[channel], image, filter, y, x, rows, columns);
                const int32_t r = channel * p->requantization_step;
                *output++ = qmcu_output_s8(sum, multipliers[r], shifts[r], p->output_zero_point,
                                           p->activation_minimum, p->activation_maximum);
                filter += filter_size;
            }
        }
    }
}
