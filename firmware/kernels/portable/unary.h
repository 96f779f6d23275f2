/* A function of each element. */
#ifndef QMCU_UNARY_H
#define QMCU_UNARY_H

#include <stdint.h>

typedef struct {
    int32_t size;
} qmcu_unary_params;

#endif
