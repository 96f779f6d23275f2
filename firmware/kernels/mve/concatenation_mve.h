#ifndef QMCU_CONCATENATION_MVE_H
#define QMCU_CONCATENATION_MVE_H

#include "concatenation.h"

typedef qmcu_concatenation_params qmcu_concatenation_mve_params;

/* As qmcu_concatenation. */
void qmcu_concatenation_mve(const qmcu_concatenation_mve_params *params,
                            const int8_t *const *inputs, const int8_t *constants, int8_t *output);

#endif
