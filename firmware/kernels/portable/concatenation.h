#ifndef QMCU_CONCATENATION_H
#define QMCU_CONCATENATION_H

#include <stdint.h>

#define QMCU_CONCATENATION_PARTS 10

typedef struct {
    int32_t rows;                              /* product of the dimensions before the axis */
    int32_t parts;                             /* how many tensors are joined */
    int32_t sizes[QMCU_CONCATENATION_PARTS];   /* bytes that each part gives to a row */
    int32_t offsets[QMCU_CONCATENATION_PARTS]; /* of a constant part in constants, -1: an input */
} qmcu_concatenation_params;

/* inputs are the parts that are not constant, in order; constants holds the others, end to end. */
void qmcu_concatenation(const qmcu_concatenation_params *params, const int8_t *const *inputs,
                        const int8_t *constants, int8_t *output);

#endif
