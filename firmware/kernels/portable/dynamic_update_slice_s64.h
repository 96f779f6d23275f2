#ifndef QMCU_DYNAMIC_UPDATE_SLICE_S64_H
#define QMCU_DYNAMIC_UPDATE_SLICE_S64_H

#include "dynamic_update_slice.h"

/* The output may lie exactly over the input. */
void qmcu_dynamic_update_slice_s64(const qmcu_dynamic_update_slice_params *params,
                                   const int8_t *input, const int8_t *update, const int64_t *starts,
                                   int8_t *output);

#endif
