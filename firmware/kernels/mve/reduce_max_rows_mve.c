/* The largest of each row, 16 bytes at a time. */
#include "small.h"

#include "reduce_max_rows_mve.h"

void qmcu_reduce_max_rows_mve(const qmcu_reduce_max_rows_mve_params *params, const int8_t *input,
                              int8_t *output)
{
    for (int32_t row = params->rows; row > 0; --row) {
        int32_t largest = INT8_MIN;
        __asm("dlstp.8 lr, %[length]\n"
              "1: vldrb.8 q0, [%[input]], #16\n\t"
              "vmaxv.s8 %[largest], q0\n\t"
              "letp lr, 1b"
              : [input] "+&r"(input), [largest] "+&r"(largest)
              : [length] "r"(params->length)
              : "q0", "lr", "memory");
        input -= -params->length & 15; /* it was moved by whole vectors */
        *output++ = (int8_t)largest;
    }
}
