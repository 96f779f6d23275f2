/* The same numbers in another quantization and type: what the requantize_FROM_TO kernels do. */
#ifndef QMCU_REQUANTIZE_ELEMENTS_H
#define QMCU_REQUANTIZE_ELEMENTS_H

#include "requantize.h"

typedef struct {
    int32_t size;
    int32_t input_zero_point;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero_point;
} qmcu_requantize_params;

/* (value - input zero point) * multiplier * 2^(shift - 31) + output zero point, clamped; sums wrap
   around where an int32 has no room for them, as the interpreter's do. */
static inline int32_t qmcu_requantize_element(const qmcu_requantize_params *params, int32_t value,
                                              int32_t minimum, int32_t maximum)
{
    const uint32_t moved = (uint32_t)value - (uint32_t)params->input_zero_point;
    const int32_t scaled = qmcu_requantize((int32_t)moved, params->multiplier, params->shift);
    const int32_t result = (int32_t)((uint32_t)scaled + (uint32_t)params->output_zero_point);
    return result < minimum ? minimum : result > maximum ? maximum : result;
}

#endif
