#ifndef QMCU_REQUANTIZE_S8_S32_H
#define QMCU_REQUANTIZE_S8_S32_H

#include "requantize_elements.h"

void qmcu_requantize_s8_s32(const qmcu_requantize_params *params, const int8_t *input,
                            int32_t *output);

#endif
