#ifndef QMCU_PRELU_MVE_H
#define QMCU_PRELU_MVE_H

#include "prelu.h"

typedef struct {
    qmcu_prelu_params prelu;
    int32_t along; /* which dimension and the last one are in each other's place in its walks */
} qmcu_prelu_mve_params;

/* Where elements of a row do not lie beside each other, alpha is repeated along it. The output may lie exactly over an input that is not repeated. */
void qmcu_prelu_mve(const qmcu_prelu_mve_params *params, const int8_t *input, const int8_t *alpha,
                    int8_t *output);

#endif
