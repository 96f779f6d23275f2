#ifndef QMCU_LOOKUP_SCALAR_H
#define QMCU_LOOKUP_SCALAR_H

#include "lookup.h"

typedef qmcu_lookup_params qmcu_lookup_scalar_params;

/* As qmcu_lookup. */
void qmcu_lookup_scalar(const qmcu_lookup_scalar_params *params, const int8_t *input,
                        const int8_t *table, int8_t *output);

#endif
