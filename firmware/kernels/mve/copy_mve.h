#ifndef QMCU_COPY_MVE_H
#define QMCU_COPY_MVE_H

#include "copy.h"

typedef qmcu_copy_params qmcu_copy_mve_params;

/* As qmcu_copy. */
void qmcu_copy_mve(const qmcu_copy_mve_params *params, const int8_t *input, int8_t *output);

#endif
