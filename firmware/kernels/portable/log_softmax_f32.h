#ifndef QMCU_LOG_SOFTMAX_F32_H
#define QMCU_LOG_SOFTMAX_F32_H

#include "rows.h"

/* The output may lie exactly over the input. */
void qmcu_log_softmax_f32(const qmcu_rows_params *params, const float *input, float *output);

#endif
