/* As conv_2d_dsp.c, but the sums come back as they are and each filter is requantized in its own way. */
#include "conv_2d_any_dsp.h"

#include "any_dsp.h"
#include "multiply_sums_dsp.h"

typedef struct {
    const qmcu_conv_2d_any_dsp_params *p;
    const uint32_t *columns;
    const int8_t *weights;
    const qmcu_channel *filters;
} group;

/* A group's filters of two columns; each output of `second` is written before its twin in `first`. */
static void multiply(const group *g, int8_t *first, int8_t *second)
{
    const int32_t steps = g->p->shape.steps, zero_point = g->p->output_zero_point;
    const qmcu_channel *filter = g->filters;
    const int8_t *weights = g->weights;
    for (int32_t left = g->p->filters; left > 0; left -= 2) {
        int32_t sums[4] = {filter[0].bias, filter[0].bias, filter[1].bias, filter[1].bias};
        qmcu_multiply_sums_dsp(g->columns, weights, steps, sums);
        weights += 8 * steps;
        for (int32_t i = 0; i < 2 && i < left; ++i) {
            *second++ = qmcu_any_output(sums[2 * i + 1], filter, zero_point);
            *first++ = qmcu_any_output(sums[2 * i], filter, zero_point);
            ++filter;
        }
    }
}

/* The outputs of a group from the input's first channel that it reads on. */
static void convolve(const group *g, const int8_t *input, uint32_t *columns, int8_t *output)
{
    const qmcu_conv_2d_dsp_params *const p = &g->p->shape;
    const qmcu_window *const w = &p->window;
    int8_t *const bytes = (int8_t *)(columns + 4 * p->steps);
    int32_t pending = 0;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        int32_t y = -w->padding_top;
        for (int32_t row = 0; row < w->output_height; ++row, y += w->stride_height) {
            int32_t x = -w->padding_left;
            for (int32_t column = 0; column < w->output_width; ++column, x += w->stride_width) {
                qmcu_lay_out_column(p, input, y, x, columns + 2 * pending, bytes);
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
    const int32_t filled = (params->filters + 1) & ~1;
    group g = {params, scratch, weights, (const qmcu_channel *)channels};
    for (int32_t left = params->groups; left > 0; --left) {
        convolve(&g, input, scratch, output);
        input += params->shape.depth;
        output += params->filters;
        g.weights += 4 * params->shape.steps * filled;
        g.filters += filled;
    }
}
