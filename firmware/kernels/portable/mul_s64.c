/* output = input1 * input2, modulo 2^64, with broadcasting. */
#include "mul_s64.h"

#include "binary_code.h"

static int64_t result(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

QMCU_BINARY(qmcu_mul_s64, int64_t, result)
