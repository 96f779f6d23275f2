/* Products of real numbers, four filters at a time, each sum in the interpreter's order. */
#ifndef QMCU_FILTERS_F32_DSP_H
#define QMCU_FILTERS_F32_DSP_H

#include <stdint.h>

/* Adds the products of `count` values with weights [count][4] to four sums. */
void qmcu_four_f32_dsp(const float *values, const float *weights, int32_t count, float *sums);

/* Which values of the image meet which of a filter: `rows` times `runs` runs of `length` neighbours;
   steps are in values. */
typedef struct {
    int32_t rows;
    int32_t runs;
    int32_t length;
    int32_t image_row;
    int32_t image_run;
    int32_t filter_row;
    int32_t filter_run;
    int32_t filter_first;
} qmcu_runs_f32;

typedef struct {
    int32_t outputs;
    int32_t depth; /* values of a filter */
    float minimum;
    float maximum;
} qmcu_filters_f32;

/* Weights: of each four filters [depth][4], of the one to three that are left [depth] each. */
void qmcu_filters_f32_dsp(const qmcu_filters_f32 *filters, const qmcu_runs_f32 *runs,
                          const float *image, const float *weights, const float *bias,
                          float *output);

#endif
