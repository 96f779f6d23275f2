/* The largest or smallest of each row, 16 bytes at a time. */
#ifndef QMCU_REDUCE_ROWS_MVE_H
#define QMCU_REDUCE_ROWS_MVE_H

#include "reduce_rows.h"

/* The body of a kernel: VMAXV or VMINV is the instruction, FIRST what every element replaces. */
#define QMCU_REDUCE_ROWS_MVE(INSTRUCTION, FIRST)                                      \
    for (int32_t row = params->rows; row > 0; --row) {                                \
        int32_t found = (FIRST);                                                      \
        __asm("dlstp.8 lr, %[length]\n"                                               \
              "1: vldrb.8 q0, [%[input]], #16\n\t" INSTRUCTION ".s8 %[found], q0\n\t" \
              "letp lr, 1b"                                                           \
              : [input] "+&r"(input), [found] "+&r"(found)                            \
              : [length] "r"(params->length)                                          \
              : "q0", "lr", "memory");                                                \
        input -= -params->length & 15; /* it was moved by whole vectors */            \
        *output++ = (int8_t)found;                                                    \
    }

#endif
