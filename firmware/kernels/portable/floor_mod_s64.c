/* The remainder of input1 / input2 with the sign of input2; 0 for a divisor of 0, with broadcasting. */
#include "floor_mod_s64.h"

#include "binary_code.h"

static int64_t result(int64_t a, int64_t b)
{
    if (b == 0 || b == -1) {
        return 0;
    }
    const int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

QMCU_BINARY(qmcu_floor_mod_s64, int64_t, result)
