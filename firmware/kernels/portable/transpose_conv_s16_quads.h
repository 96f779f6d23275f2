/* Transposed convolutions of int16 whose sums stay in 32 bits, four filters at a time. */
#ifndef QMCU_TRANSPOSE_CONV_S16_QUADS_H
#define QMCU_TRANSPOSE_CONV_S16_QUADS_H

#include "quads_s16.h"

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_depth;
    int32_t output_height;
    int32_t output_width;
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    qmcu_quads_s16 quads; /* whose depth is not used */
} qmcu_transpose_conv_s16_quads_params;

/* Which values of the image meet which of a filter of `depth` values: `rows` runs of `length`
   neighbours; steps are in values. */
typedef struct {
    int32_t rows;
    int32_t length;
    int32_t image_row;
    int32_t filter_first;
    int32_t filter_row;
    int32_t depth;
} qmcu_runs_s16;

/* The outputs of a pixel. */
typedef void qmcu_runs_s16_function(const qmcu_quads_s16 *quads, const qmcu_runs_s16 *runs,
                                    const int16_t *image, const int8_t *weights,
                                    const int32_t *bias, const int32_t *multipliers,
                                    int16_t *output);

#endif
