/* The sum of one output of conv_2d: its taps inside and outside the image. */
#ifndef QMCU_CONV_2D_SUM_H
#define QMCU_CONV_2D_SUM_H

#include "accumulate.h"
#include "conv_2d.h"
#include "window.h"

/* The taps inside the image; image points at the first of them (and channel of the group). */
static uint32_t inside(const qmcu_conv_2d_params *p, uint32_t sum, const int8_t *image,
                       const int8_t *filter, qmcu_taps rows, qmcu_taps columns)
{
    const int32_t depth = p->window.input_depth / p->groups;
    const int32_t columns_inside = qmcu_taps_count(columns);
    /* Neighbouring taps that are neighbours in memory too make one long product. */
    const int32_t joined = p->window.dilation_width == 1 && p->groups == 1;
    const int32_t runs = joined ? 1 : columns_inside;
    const int32_t run_length = joined ? columns_inside * depth : depth;
    filter += (rows.first * p->window.kernel_width + columns.first) * depth;
    for (int32_t row = rows.first; row < rows.end; ++row) {
        for (int32_t run = 0; run < runs; ++run) {
            sum = qmcu_dot(sum, image + run * p->window.dilation_width * p->window.input_depth,
                           filter + run * depth, run_length);
        }
        image += p->window.dilation_height * p->window.input_width * p->window.input_depth;
        filter += p->window.kernel_width * depth;
    }
    return sum;
}

/* The sum of the weights of the taps outside the image. */
static int32_t weights_outside(const qmcu_conv_2d_params *p, const int8_t *filter, qmcu_taps rows,
                               qmcu_taps columns)
{
    const int32_t depth = p->window.input_depth / p->groups;
    int32_t sum = 0;
    for (int32_t row = 0; row < p->window.kernel_height; ++row) {
        for (int32_t column = 0; column < p->window.kernel_width; ++column) {
            if (row < rows.first || row >= rows.end || column < columns.first ||
                column >= columns.end) {
                for (int32_t channel = 0; channel < depth; ++channel) {
                    sum += filter[channel];
                }
            }
            filter += depth;
        }
    }
    return sum;
}

#endif
