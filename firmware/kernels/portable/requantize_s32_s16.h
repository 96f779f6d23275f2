#ifndef QMCU_REQUANTIZE_S32_S16_H
#define QMCU_REQUANTIZE_S32_S16_H

#include "requantize_elements.h"

/* The output may lie exactly over the input. */
void qmcu_requantize_s32_s16(const qmcu_requantize_params *params, const int32_t *input,
                             int16_t *output);

#endif
