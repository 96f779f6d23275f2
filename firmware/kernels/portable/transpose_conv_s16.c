/* Transposed 2-D convolution of int16 with int8 weights, gathered: each output collects the inputs
   that reach it.

   Input (i, j) through tap (k, l) reaches output (i * stride_height + k - padding_top,
   j * stride_width + l - padding_left).
   sum[o] = bias[o] + sum of weight * input over what reaches the output;
   output = clamp(requantize(sum)). */
#include "transpose_conv_s16.h"

#include "accumulate_s16.h"

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
static int64_t gather(const qmcu_transpose_conv_s16_params *p, int64_t sum, const int16_t *input,
                      const int8_t *filter, int32_t y, int32_t x, reach rows, reach columns)
{
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int32_t filter_row = (y - row * p->stride_height) * p->kernel_width;
        for (int32_t column = columns.first; column < columns.end; ++column) {
            const int32_t tap = filter_row + x - column * p->stride_width;
            sum = qmcu_dot_s16(sum, input + (row * p->input_width + column) * p->input_depth,
                               filter + tap * p->input_depth, p->input_depth);
        }
    }
    return sum;
}

void qmcu_transpose_conv_s16(const qmcu_transpose_conv_s16_params *params, const int16_t *input,
                             const int8_t *weights, const int64_t *bias, const int32_t *multipliers,
                             const int8_t *shifts, int16_t *output)
{
    const qmcu_transpose_conv_s16_params *const p = params;
    const int32_t filter_size = p->kernel_height * p->kernel_width * p->input_depth;
    for (int32_t row = 0; row < p->batches * p->output_height; ++row) {
        const int32_t batch = row / p->output_height;
        const int16_t *const image =
            input + batch * p->input_height * p->input_width * p->input_depth;
        const int32_t y = row % p->output_height + p->padding_top;
        const reach rows = reaching(y, p->stride_height, p->kernel_height, p->input_height);
        for (int32_t column = 0; column < p->output_width; ++column) {
            const int32_t x = column + p->padding_left;
            const reach columns = reaching(x, p->stride_width, p->kernel_width, p->input_width);
            const int8_t *filter = weights;
            for (int32_t channel = 0; channel < p->output_depth; ++channel) {
                const int64_t sum = gather(p, bias[channel], image, filter, y, x, rows, columns);
                const int32_t r = channel * p->requantization_step;
                *output++ = qmcu_output_s16(sum, multipliers[r], shifts[r], 1,
                                            p->activation_minimum, p->activation_maximum);
                filter += filter_size;
            }
        }
    }
}
