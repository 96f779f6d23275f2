#ifndef QMCU_REQUANTIZE_S8_S16_H
#define QMCU_REQUANTIZE_S8_S16_H

#include "requantize_elements.h"

void qmcu_requantize_s8_s16(const qmcu_requantize_params *params, const int8_t *input,
                            int16_t *output);

#endif
