#ifndef QMCU_DEPTHWISE_CONV_2D_MVE_3X3_H
#define QMCU_DEPTHWISE_CONV_2D_MVE_3X3_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t depth;
    int32_t output_height; /* at stride 1 at least 2, as the width */
    int32_t output_width;
    int32_t stride; /* 1 or 2, of both directions */
    int32_t padding_top;
    int32_t padding_left;
    int32_t plane_width; /* columns in scratch: what the windows of a row cover */
    int32_t group;       /* channels in scratch, at most 16 */
    int32_t input_zero_point;
    int32_t saturated; /* 1: shifts of -31 to -1, output zero point and minimum -128, maximum 127 */
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_depthwise_conv_2d_mve_3x3_params;

/* One channel. */
typedef struct {
    int8_t weights[11]; /* of the window's columns, at stride 1 with a zero behind each */
    int8_t shift;
    int32_t bias; /* bias - input_zero_point * (sum of weights) */
    int32_t multiplier;
} qmcu_mve_depthwise_3x3;

/* 3x3 windows, depth multiplier 1. records: a qmcu_mve_depthwise_3x3 of each channel. scratch: group bytes
   for each of 4 rows of plane_width at stride 1, of 3 rows of 8 * (output_width / 4, rounded up) + 1 at stride 2. The output may lie where the input does: a row of it is written when the rows
   below that are within the window, of these channels, are in scratch. */
void qmcu_depthwise_conv_2d_mve_3x3(const qmcu_depthwise_conv_2d_mve_3x3_params *params,
                                    const int8_t *input, const int8_t *records, void *scratch,
                                    int8_t *output);

#endif
