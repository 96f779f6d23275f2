#ifndef QMCU_SQUARED_DIFFERENCE_S16_H
#define QMCU_SQUARED_DIFFERENCE_S16_H

#include "squared_difference.h"

void qmcu_squared_difference_s16(const qmcu_squared_difference_params *params,
                                 const int16_t *input1, const int16_t *input2, int16_t *output);

#endif
