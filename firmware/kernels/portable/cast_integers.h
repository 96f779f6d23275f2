#ifndef QMCU_CAST_INTEGERS_H
#define QMCU_CAST_INTEGERS_H

#include "integers.h"

/* The output may lie exactly over the input if its elements are not larger. */
void qmcu_cast_integers(const qmcu_cast_params *params, const void *input, void *output);

#endif
