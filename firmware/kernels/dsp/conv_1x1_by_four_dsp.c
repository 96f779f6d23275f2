#include "conv_1x1_by_four_dsp.h"

#include "four_pixels_dsp.h"

/* The last four pixels first: then outputs deeper than the input may be written over it. */
static void backward(const qmcu_conv_1x1_by_four_dsp_params *p, qmcu_four_pixels *f,
                     const int8_t *input, int8_t *output)
{
    const int32_t left = p->pixels % 4;
    int32_t pixel = p->pixels - left;
    if (left > 0) {
        f->run.output = output + pixel * p->output_depth;
        qmcu_four_row(f, input + pixel * p->pixel_step, left);
        qmcu_four_end(f, input + (p->pixels - 1) * p->pixel_step);
    }
    while (pixel > 0) {
        pixel -= 4;
        f->run.output = output + pixel * p->output_depth;
        qmcu_four_row(f, input + pixel * p->pixel_step, 4);
    }
}

void qmcu_conv_1x1_by_four_dsp(const qmcu_conv_1x1_by_four_dsp_params *p, const int8_t *input,
                               const int32_t *filters, void *scratch, int8_t *output,
                               qmcu_four_multiplier multiplier)
{
    qmcu_four_pixels f = {.multiplier = multiplier,
                          .filters = filters,
                          .window = {1, p->words, 0},
                          .columns = scratch,
                          .depth = p->output_depth,
                          .step = p->pixel_step};
    qmcu_four_begin(&f, output);
    if (p->backward) {
        backward(p, &f, input, output);
        return;
    }
    const int8_t *last = input;
    for (int32_t row = 0; row < p->rows; ++row) {
        qmcu_four_row(&f, input, p->pixels);
        last = input + (p->pixels - 1) * p->pixel_step;
        input += p->pixels * p->pixel_step + p->row_step;
    }
    qmcu_four_end(&f, last);
}
