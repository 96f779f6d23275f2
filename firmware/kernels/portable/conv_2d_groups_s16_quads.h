/* 2-D convolutions of int16 whose filters read a group of the channels each. */
#ifndef QMCU_CONV_2D_GROUPS_S16_QUADS_H
#define QMCU_CONV_2D_GROUPS_S16_QUADS_H

#include "quads_s16.h"
#include "window.h"

typedef struct {
    qmcu_window window;
    int32_t groups;
    qmcu_quads_s16 quads; /* a column is a window of a group, outputs are a group's */
} qmcu_conv_2d_groups_s16_quads_params;

/* As qmcu_quads_s16_function; the outputs of the other column come `step` values behind those of the
   first. */
typedef void qmcu_quads_of_groups_s16_function(const qmcu_quads_s16 *quads, int32_t step,
                                               const int16_t *column, const int16_t *other,
                                               const int8_t *weights, const int32_t *bias,
                                               const int32_t *multipliers, int16_t *output);

/* Copies `depth` neighbours each of `taps` pixels, which lie `step` values behind each other. */
typedef void qmcu_copy_taps_s16_function(int16_t *to, const int16_t *from, int32_t depth,
                                         int32_t step, int32_t taps);

#endif
