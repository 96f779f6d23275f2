/* Parts of kernels for MVE that some layers need and others do not. In an image's copy of this file those
   that none of its layers needs are 0, and are not compiled. */
#ifndef QMCU_USES_MVE_H
#define QMCU_USES_MVE_H

#include "where.h"

/* depthwise_conv_2d_mve_3x3: layers of a stride, of any multiplier or limits, of columns that are no
   fours or eights, and of those that are. */
#define QMCU_USES_STRIDE_1 1
#define QMCU_USES_STRIDE_2 1
#define QMCU_USES_CLAMPED 1
#define QMCU_USES_ANY_COLUMNS 1
#define QMCU_USES_EIGHT 1

/* conv_2d_mve: several images, windows beyond the image, rows of outputs that are no fours, of
   windows that share no rows; rows that lie as they do in the image, others of few channels and of many. */
#define QMCU_USES_BATCHES 1
#define QMCU_USES_BORDERS 1
#define QMCU_USES_ROWS_LEFT 1
#define QMCU_USES_ROWS_APART 1
#define QMCU_USES_FLAT_ROWS 1
#define QMCU_USES_FEW_CHANNELS 1
#define QMCU_USES_MANY_CHANNELS 1

/* conv_2d_mve_pointwise: layers that read their pixels once and where they lie, and from the last to the
   first. */
#define QMCU_USES_PIXELS_AT_ONCE 1
#define QMCU_USES_PIXELS_BACKWARD 1

/* multiply_four_code_mve: pixels of a layer that are no fours. */
#define QMCU_USES_TILES_LEFT 1

/* mean_mve: means that lie side by side, and others. */
#define QMCU_USES_MEANS_TOGETHER 1
#define QMCU_USES_MEANS_APART 1

/* add_mve: limits by which ties of negative sums do not count, and others. */
#define QMCU_USES_ADD_RELU 1
#define QMCU_USES_ADD_AWAY 1

/* Pools: several images, windows beyond the image; max_pool_2d_mve: more than a vector of
   channels, and those that are no whole ones. */
#define QMCU_USES_POOL_BATCHES 1
#define QMCU_USES_POOL_BORDERS 1
#define QMCU_USES_POOL_VECTORS 1
#define QMCU_USES_POOL_LEFT 1

/* multiply_four_mve: windows of one vector whose outputs are saturated alone, all others, of these those
   of two vectors, outputs whose ties are rounded away from zero, limits inside int8. */
#define QMCU_USES_ONE_STEP 1
#define QMCU_USES_STEPS 1
#define QMCU_USES_TWO_STEPS 1
#define QMCU_USES_AWAY 1
#define QMCU_USES_LIMITS 1
/* Steps of a round: the fewest that do not count in the model, 0 where no layer has any. */
#define QMCU_FOUR_ROUND 4

/* multiply_ragged_mve: the same, but windows of two vectors are as others. */
#define QMCU_USES_RAGGED_ONE_STEP 1
#define QMCU_USES_RAGGED_STEPS 1
#define QMCU_USES_RAGGED_AWAY 1
#define QMCU_USES_RAGGED_LIMITS 1
#define QMCU_RAGGED_ROUND 2

/* strided_copy_mve: rows of fewer than four elements that lie apart. */
#define QMCU_USES_SHORT_ROWS 1

/* softmax_code_mve: several rows. */
#define QMCU_USES_SOFTMAX_ROWS 1

/* fully_connected_mve: several inputs, one row behind the fours, two or three, rows that are no whole
   vectors, one scale for all rows. */
#define QMCU_USES_DENSE_BATCHES 1
#define QMCU_USES_LAST_ROW 1
#define QMCU_USES_LAST_ROWS 1
#define QMCU_USES_TAIL 1
#define QMCU_USES_SHARED_SCALE 1
/* As QMCU_FOUR_ROUND, at least 1. */
#define QMCU_DENSE_ROUND 4

#endif
