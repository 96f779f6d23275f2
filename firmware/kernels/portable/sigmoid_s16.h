/* What the logistic function and the hyperbolic tangent of int16 have in common: the argument as a
   number with the steps of a table of 256 entries, 24 steps for 1. */
#ifndef QMCU_SIGMOID_S16_H
#define QMCU_SIGMOID_S16_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t multiplier; /* 24 * 512 * input scale, with shift */
    int32_t shift;
} qmcu_sigmoid_s16_params;

/* round(input * multiplier / 2^shift), ties towards +infinity; the multiplier has 15 bits. */
static inline int32_t qmcu_sigmoid_argument(const qmcu_sigmoid_s16_params *params, int16_t input)
{
    const int32_t half = params->shift > 0 ? (int32_t)(1u << (params->shift - 1)) : 0;
    /* Sums wrap around as the interpreter's do: a shift of 31 and the largest input. */
    return (int32_t)((uint32_t)(input * params->multiplier) + (uint32_t)half) >> params->shift;
}

#endif
