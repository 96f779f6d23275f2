#ifndef QMCU_QUADS_S16_MVE_H
#define QMCU_QUADS_S16_MVE_H

#include "quads_s16.h"

/* Takes one column. Weights [outputs][depth]; bias and multipliers are filled up to fours. */
qmcu_quads_s16_function qmcu_quads_s16_mve;

#endif
