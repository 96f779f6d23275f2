/* Integers of 1, 2 or 4 bytes by their size, for kernels that change types. */
#ifndef QMCU_INTEGERS_H
#define QMCU_INTEGERS_H

#include <stdint.h>
#include <string.h>

typedef struct {
    int32_t size;
    int32_t input_bytes;  /* of an element */
    int32_t output_bytes; /* of an element */
} qmcu_cast_params;

static inline int32_t qmcu_load(const void *values, int32_t bytes, int32_t i)
{
    if (bytes == 1) {
        return ((const int8_t *)values)[i];
    }
    return bytes == 2 ? ((const int16_t *)values)[i] : ((const int32_t *)values)[i];
}

/* The low bytes of value. */
static inline void qmcu_store(void *values, int32_t bytes, int32_t i, int32_t value)
{
    if (bytes == 1) {
        ((uint8_t *)values)[i] = (uint8_t)value;
    } else if (bytes == 2) {
        ((uint16_t *)values)[i] = (uint16_t)value;
    } else {
        ((int32_t *)values)[i] = value;
    }
}

#endif
