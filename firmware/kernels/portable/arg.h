/* What ARG_MAX and ARG_MIN share. */
#ifndef QMCU_ARG_H
#define QMCU_ARG_H

#include <stdint.h>

typedef struct {
    int32_t rows;   /* product of the dimensions before the axis */
    int32_t length; /* of the axis */
    int32_t inner;  /* product of the dimensions after it */
} qmcu_arg_params;

#endif
