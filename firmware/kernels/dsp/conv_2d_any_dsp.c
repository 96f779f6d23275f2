/* As conv_2d_dsp.c, but the sums come back as they are and each filter is requantized in its own way.
   Filters lie as they are in a model: bytes that a step reads behind one are the next one's, times zero. */
#include "conv_2d_any_dsp.h"

#include "any_dsp.h"
#include "multiply_sums_dsp.h"

typedef struct {
    qmcu_conv_2d_dsp_params shape;
    int32_t output_zero_point;
    int32_t count;  /* of filters */
    int32_t values; /* of each */
    const uint32_t *columns;
    const int8_t *weights;
    const qmcu_any_channel *filters;
} group;

/* A group's filters of two columns; each output of `second` is written before its twin in `first`. */
static void multiply(const group *g, int8_t *first, int8_t *second)
{
    const int32_t steps = g->shape.steps, zero_point = g->output_zero_point;
    const int32_t values = g->values;
    const qmcu_any_channel *filter = g->filters;
    const int8_t *weights = g->weights;
    for (int32_t left = g->count; left > 0; left -= 2) {
        /* An odd last filter is there twice. */
        const int32_t two = left > 1;
        const int8_t *const filters[2] = {weights, weights + two * values};
        int32_t sums[4] = {filter[0].bias, filter[0].bias, filter[two].bias, filter[two].bias};
        qmcu_multiply_sums_dsp(g->columns, filters, steps, sums);
        weights += 2 * values;
        for (int32_t i = 0; i <= two; ++i) {
            *second++ = qmcu_any_output(sums[2 * i + 1], filter, zero_point);
            *first++ = qmcu_any_output(sums[2 * i], filter, zero_point);
            ++filter;
        }
    }
}

/* The outputs of a group from the input's first channel that it reads on. */
static void convolve(const group *g, const int8_t *input, uint32_t *columns, int8_t *output)
{
    const qmcu_conv_2d_dsp_params *const p = &g->shape;
    const qmcu_window *const w = &p->window;
    int32_t pending = 0;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        int32_t y = -w->padding_top;
        for (int32_t row = 0; row < w->output_height; ++row, y += w->stride_height) {
            int32_t x = -w->padding_left;
            for (int32_t column = 0; column < w->output_width; ++column, x += w->stride_width) {
                qmcu_lay_out_column(p, input, y, x, columns + 2 * pending);
                pending ^= 1;
                if (pending == 0) {
                    multiply(g, output, output + w->output_depth);
                    output += 2 * w->output_depth;
                }
            }
        }
        input += w->input_height * w->input_width * w->input_depth;
    }
    if (pending) {
        /* An odd column is left: the results of the other one, which is old, are overwritten. */
        multiply(g, output, output);
    }
}

void qmcu_conv_2d_any_dsp(const qmcu_conv_2d_any_dsp_params *params, const int8_t *input,
                          const int8_t *weights, const int32_t *channels, void *scratch,
                          int8_t *output)
{
    const qmcu_window *const w = &params->window;
    const int32_t depth = w->input_depth / params->groups;
    const int32_t values = w->kernel_height * w->kernel_width * depth, steps = (values + 3) >> 2;
    group g = {.shape = {*w, depth, params->input_zero_point, steps},
               .output_zero_point = params->output_zero_point,
               .count = w->output_depth / params->groups,
               .values = values,
               .columns = scratch,
               .weights = weights,
               .filters = (const qmcu_any_channel *)channels};
    for (int32_t left = params->groups; left > 0; --left) {
        convolve(&g, input, scratch, output);
        input += depth;
        output += g.count;
        g.weights += values * g.count;
        g.filters += g.count;
    }
}
