/* The bits of which one of two is set, with broadcasting. */
#include "bitwise_xor_s32.h"

#include "binary_code.h"

static int32_t result(int32_t a, int32_t b)
{
    return a ^ b;
}

QMCU_BINARY(qmcu_bitwise_xor_s32, int32_t, result)
