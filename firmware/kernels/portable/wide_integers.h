/* Integers of every type by their size and sign, for casts from or to uint8, uint32 and int64. */
#ifndef QMCU_WIDE_INTEGERS_H
#define QMCU_WIDE_INTEGERS_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t input_bytes; /* of an element */
    int32_t input_unsigned;
    int32_t output_bytes; /* of an element */
} qmcu_cast_wide_params;

static inline int64_t qmcu_load_wide(const void *values, const qmcu_cast_wide_params *params,
                                     int32_t i)
{
    const int32_t is_unsigned = params->input_unsigned;
    switch (params->input_bytes) {
    case 1:
        return is_unsigned ? ((const uint8_t *)values)[i] : ((const int8_t *)values)[i];
    case 2:
        return ((const int16_t *)values)[i];
    case 4:
        return is_unsigned ? (int64_t)((const uint32_t *)values)[i] : ((const int32_t *)values)[i];
    default:
        return ((const int64_t *)values)[i];
    }
}

#endif
