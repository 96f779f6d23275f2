#ifndef QMCU_ADD_MVE_H
#define QMCU_ADD_MVE_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t offset;     /* -(zero point of the wider input) * 2^19 */
    int32_t zero_point; /* of the other input */
    int32_t left_shift;
    int32_t multiplier;
    int32_t shift; /* -31 to -1, as output_shift */
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_add_mve_params;

/* wider: the input with the larger scale. The output may lie where an input does. */
void qmcu_add_mve(const qmcu_add_mve_params *params, const int8_t *wider, const int8_t *other,
                  int8_t *output);

#endif
