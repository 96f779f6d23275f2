/* A relation between two elements, with broadcasting; the output is a truth, 0 or 1. */
#ifndef QMCU_COMPARE_H
#define QMCU_COMPARE_H

#include "binary.h"

/* Bits of a relation: it holds for numbers that are so to each other. */
#define QMCU_IS_LESS 1u
#define QMCU_IS_EQUAL 2u
#define QMCU_IS_GREATER 4u
#define QMCU_IS_UNORDERED 8u

typedef struct {
    qmcu_binary_params binary;
    int32_t relation; /* bits as above */
} qmcu_compare_params;

#endif
