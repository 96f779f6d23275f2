#ifndef QMCU_QUADS_S16_SCALAR_H
#define QMCU_QUADS_S16_SCALAR_H

#include "conv_2d_groups_s16_quads.h"
#include "quads_s16.h"
#include "transpose_conv_s16_quads.h"

/* How many columns at once are fast; Cortex-M0+ has no registers for two. */
#if defined(__ARM_ARCH_6M__)
#define QMCU_COLUMNS_S16_SCALAR 1
#else
#define QMCU_COLUMNS_S16_SCALAR 2
#endif

/* weights: of each four filters [depth][4], of the one to three that are left [depth] each. */
qmcu_quads_s16_function qmcu_quads_s16_scalar;
qmcu_quads_of_groups_s16_function qmcu_quads_of_groups_s16_scalar;

/* Of such weights. */
qmcu_runs_s16_function qmcu_runs_s16_scalar;

#endif
