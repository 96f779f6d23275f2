#ifndef QMCU_PAD_MVE_H
#define QMCU_PAD_MVE_H

#include "pad.h"

typedef qmcu_pad_params qmcu_pad_mve_params;

/* As qmcu_pad. */
void qmcu_pad_mve(const qmcu_pad_mve_params *params, const int8_t *input, int8_t *output);

#endif
