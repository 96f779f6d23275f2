#ifndef QMCU_REQUANTIZE_S16_S32_H
#define QMCU_REQUANTIZE_S16_S32_H

#include "requantize_elements.h"

void qmcu_requantize_s16_s32(const qmcu_requantize_params *params, const int16_t *input,
                             int32_t *output);

#endif
