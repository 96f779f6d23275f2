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

/* The logistic function of an argument with nine more bits than table has steps, of scale 2^-15:
   between two entries on a straight line; that of a negative number is 1 minus that of the positive
   one. table[i] is the logistic function of i / 24, with 16 fractional bits, less 2^15. */
static inline int16_t qmcu_logistic_of(int32_t argument, const int16_t *table)
{
    const uint32_t sign = argument < 0 ? UINT32_MAX : 0u;
    const uint32_t size = ((uint32_t)argument ^ sign) - sign;
    const uint32_t step = size >> 9;
    uint32_t result = ((uint32_t)0x7fff << 10) - (1u << 24); /* less the half */
    if (step < 255u) {
        const int16_t *const entry = table + step;
        result = (uint32_t)entry[0] * 512u + (size & 0x1ffu) * (uint32_t)(entry[1] - entry[0]);
    }
    /* Rounded, 1 less what a negative number's size gives is all bits of that turned around. */
    result = (result ^ sign) + (1u << 24) + (1u << 9);
    return (int16_t)((int32_t)result >> 10);
}

/* tanh(x) = 2 * logistic(2 * x) - 1, of scale 2^-15: the same table, with eight more bits. */
static inline int16_t qmcu_tanh_of(int32_t argument, const int16_t *table)
{
    const uint32_t size = argument < 0 ? 0u - (uint32_t)argument : (uint32_t)argument;
    const uint32_t step = size >> 8;
    int32_t result = 0x7fff << 8; /* less the half, 2^15, of what the logistic function is */
    if (step < 255u) {
        result = table[step] * 256 + (int32_t)(size & 0xffu) * (table[step + 1u] - table[step]);
    }
    result = argument >= 0 ? result + (1 << 7) : -result + (1 << 7) - 1;
    return (int16_t)(result >> 8);
}

#endif
