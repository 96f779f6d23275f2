#ifndef QMCU_CAST_INTEGERS_BOOL_H
#define QMCU_CAST_INTEGERS_BOOL_H

#include "integers.h"

/* The output may lie exactly over the input if its elements are not larger. */
void qmcu_cast_integers_bool(const qmcu_cast_params *params, const void *input, uint8_t *output);

#endif
