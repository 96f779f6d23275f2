/* The smallest of each row, 16 bytes at a time. */
#include "small.h"

#include "reduce_min_rows_mve.h"

void qmcu_reduce_min_rows_mve(const qmcu_reduce_min_rows_mve_params *params, const int8_t *input,
                              int8_t *output)
{
    for (int32_t row = params->rows; row > 0; --row) {
        int32_t smallest = INT8_MAX;
        __asm("dlstp.8 lr, %[length]\n"
              "1: vldrb.8 q0, [%[input]], #16\n\t"
              "vminv.s8 %[smallest], q0\n\t"
              "letp lr, 1b"
              : [input] "+&r"(input), [smallest] "+&r"(smallest)
              : [length] "r"(params->length)
              : "q0", "lr", "memory");
        input -= -params->length & 15; /* it was moved by whole vectors */
        *output++ = (int8_t)smallest;
    }
}
