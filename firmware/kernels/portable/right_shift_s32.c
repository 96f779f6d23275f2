/* input1 shifted to the right by input2, 0 to 31, with its sign, with broadcasting. */
#include "right_shift_s32.h"

#include "binary_code.h"

static int32_t result(int32_t a, int32_t b)
{
    return a >> (b < 0 ? 0 : b > 31 ? 31 : b);
}

QMCU_BINARY(qmcu_right_shift_s32, int32_t, result)
