#ifndef QMCU_FLOOR_MOD_S64_H
#define QMCU_FLOOR_MOD_S64_H

#include "binary.h"

/* The output may lie exactly over an input of its size that is not repeated. */
void qmcu_floor_mod_s64(const qmcu_binary_params *params, const int64_t *input1,
                        const int64_t *input2, int64_t *output);

#endif
