/* Parts of kernels for cores without DSP that some layers need and others do not. In an image's copy of this
   file those that none of its layers needs are 0, and are not compiled. */
#ifndef QMCU_USES_SCALAR_H
#define QMCU_USES_SCALAR_H

#include "where.h"

/* pixels_scalar: packed windows, others, of these those three wide of pixels beside each other; multipliers
   of 1/2 and more; limits inside int8. */
#define QMCU_USES_PACKED 1
#define QMCU_USES_DIRECT 1
#define QMCU_USES_ADJACENT 1
#define QMCU_USES_LARGE_MULTIPLIERS 1
#define QMCU_USES_NARROW_LIMITS 1

/* rows_scalar: rows in scratch, of these those with a border and those that lie in the image as there; pixels
   from the last to the first. */
#define QMCU_USES_COPIED_ROWS 1
#define QMCU_USES_BORDERS 1
#define QMCU_USES_ALIKE_ROWS 1
#define QMCU_USES_BACKWARD 1

/* conv_2d_scalar: several groups, windows with holes. */
#define QMCU_USES_GROUPS 1
#define QMCU_USES_DILATION 1

/* depthwise_scalar: several filters a channel, windows with holes. */
#define QMCU_USES_DEPTH_MULTIPLIER 1
#define QMCU_USES_DEPTHWISE_DILATION 1

#endif
