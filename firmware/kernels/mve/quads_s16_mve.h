#ifndef QMCU_QUADS_S16_MVE_H
#define QMCU_QUADS_S16_MVE_H

#include "quads_s16.h"
#include "transpose_conv_s16_quads.h"

/* Takes one column. Weights [outputs][depth]; bias and multipliers are filled up to fours. */
qmcu_quads_s16_function qmcu_quads_s16_mve;

/* Of such weights. */
qmcu_runs_s16_function qmcu_runs_s16_mve;

#endif
