#ifndef QMCU_STRIDED_COPY_MVE_H
#define QMCU_STRIDED_COPY_MVE_H

#include "strided_copy.h"

typedef qmcu_strided_copy_params qmcu_strided_copy_mve_params;

/* As qmcu_strided_copy. */
void qmcu_strided_copy_mve(const qmcu_strided_copy_mve_params *params, const int8_t *input,
                           int8_t *output);

#endif
