#ifndef QMCU_MULTIPLY_ANY_MVE_H
#define QMCU_MULTIPLY_ANY_MVE_H

#include "multiply_mve.h"

/* Filters of any number whose values lie as they are: form / 4 of the parameters, 1 to 16, are those that are no
   vector. weights: of each two filters two biases, multipliers and shifts, of an odd last one its own; then, at
   tile->pairs.behind bytes, of each two filters these values, of one and then of the other, and vectors in
   turn, of an odd last one all values. */
extern const qmcu_mve_multiplier qmcu_mve_int8_any;

/* What a layer's parameters say of its outputs; the rest is in its shapes. */
typedef struct {
    int32_t form;
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
} qmcu_any_mve_outputs;

/* Of so many filters of `values` each. */
static inline qmcu_multiply_mve_params qmcu_multiply_any_mve(const qmcu_any_mve_outputs *outputs,
                                                             int32_t filters, int32_t values)
{
    const int32_t left = ((values - 1) & 15) + 1;
    const qmcu_multiply_mve_params result = {.steps = (values + 15) >> 4,
                                             .filters = filters,
                                             .form = outputs->form + 4 * left,
                                             .zero_point = outputs->zero_point,
                                             .minimum = outputs->minimum,
                                             .maximum = outputs->maximum};
    return result;
}

#endif
