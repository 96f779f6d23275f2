#ifndef QMCU_CAST_WIDE_BOOL_H
#define QMCU_CAST_WIDE_BOOL_H

#include "wide_integers.h"

/* The output may lie exactly over the input if its elements are not larger. */
void qmcu_cast_wide_bool(const qmcu_cast_wide_params *params, const void *input, uint8_t *output);

#endif
