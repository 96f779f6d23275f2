/* Parts of kernels for cores without DSP that some layers need and others do not. In an image's copy of this
   file those that none of its layers needs are 0, and are not compiled. */
#ifndef QMCU_USES_SCALAR_H
#define QMCU_USES_SCALAR_H

#include "where.h"

/* pixels_scalar: packed windows, others, of these those three wide of pixels beside each other; multipliers
   of 1/2 and more; limits inside int8. Of packed windows those of four pairs and more, and those whose
   pairs are no fours. */
#define QMCU_USES_PACKED 1
#define QMCU_USES_PAIR_FOURS 1
#define QMCU_USES_PAIRS_LEFT 1
#define QMCU_USES_DIRECT 1
#define QMCU_USES_ADJACENT 1
#define QMCU_USES_LARGE_MULTIPLIERS 1
#define QMCU_USES_NARROW_LIMITS 1

/* rows_scalar: rows in scratch, of these those with a border and those that lie in the image as there; pixels
   from the last to the first; rows of outputs that are no fours. */
#define QMCU_USES_COPIED_ROWS 1
#define QMCU_USES_PIXELS_LEFT 1
#define QMCU_USES_BORDERS 1
#define QMCU_USES_ALIKE_ROWS 1
#define QMCU_USES_BACKWARD 1

/* outputs_scalar: rows that are no eights of values, multipliers of 1/2 and more, limits inside int8. */
#define QMCU_USES_LAST_VALUES 1
#define QMCU_USES_LARGE_OUTPUT_MULTIPLIERS 1
#define QMCU_USES_NARROW_OUTPUT_LIMITS 1
/* Values of a round on Cortex-M3: the fewest that do not count in the model. */
#define QMCU_OUTPUTS_ROUND 8

/* fully_connected_scalar: outputs that are no fours. */
#define QMCU_USES_LAST_OUTPUTS 1

/* fully_connected_few_scalar: two outputs at a time, one alone. */
#define QMCU_USES_TWO_OUTPUTS 1
#define QMCU_USES_ONE_OUTPUT 1

/* mul_scalar: products times 1/2 and more. */
#define QMCU_USES_LARGE_PRODUCTS 1

/* add_scalar: differences; sums times 1/2 and more. */
#define QMCU_USES_DIFFERENCES 1
#define QMCU_USES_LARGE_SUMS 1

/* max_pool_2d_scalar: four channels at a time, one alone; windows beyond the image; limits inside int8. */
#define QMCU_USES_POOL_WORDS 1
#define QMCU_USES_POOL_BYTES 1
#define QMCU_USES_POOL_BORDERS 1
#define QMCU_USES_POOL_LIMITS 1

/* conv_2d_scalar: several groups, windows with holes. */
#define QMCU_USES_GROUPS 1
#define QMCU_USES_DILATION 1

/* depthwise_scalar: several filters a channel, windows with holes. */
#define QMCU_USES_DEPTH_MULTIPLIER 1
#define QMCU_USES_DEPTHWISE_DILATION 1

#endif
