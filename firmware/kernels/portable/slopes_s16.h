/* RELU, RELU6, LEAKY_RELU and other scales of int16: values times one number, or another where they
   are negative. */
#ifndef QMCU_SLOPES_S16_H
#define QMCU_SLOPES_S16_H

#include <stdint.h>

/* Slopes as qmcu_requantize has them, shifts from -17 to 14: none is negative. */
typedef struct {
    int32_t size;
    int32_t maximum; /* of outputs */
    int32_t positive_multiplier;
    int32_t positive_shift;
    int32_t negative_multiplier;
    int32_t negative_shift;
} qmcu_slopes_s16_params;

/* x * multiplier >> 16 of a multiplier that is not negative. */
typedef int32_t qmcu_times_s16_function(int32_t multiplier, int32_t x);

#endif
