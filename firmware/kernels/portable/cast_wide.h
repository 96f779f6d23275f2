#ifndef QMCU_CAST_WIDE_H
#define QMCU_CAST_WIDE_H

#include "wide_integers.h"

/* The output may lie exactly over the input if its elements are not larger. */
void qmcu_cast_wide(const qmcu_cast_wide_params *params, const void *input, void *output);

#endif
