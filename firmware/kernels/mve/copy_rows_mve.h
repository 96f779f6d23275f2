/* Rows by vectors: those of up to 16 bytes are one each. */
#ifndef QMCU_COPY_ROWS_MVE_H
#define QMCU_COPY_ROWS_MVE_H

#include "copy_rows.h"
#include "mve.h"

/* In assembly, for the compiler moves predicates to and fro. */
static inline void qmcu_mve_copy_rows(int8_t *to, int32_t to_step, const int8_t *from,
                                      int32_t from_step, int32_t length, int32_t rows)
{
    if (length > 16) {
        for (; rows > 0; --rows, to += to_step, from += from_step) {
            qmcu_mve_copy(to, from, length);
        }
        return;
    }
    __asm volatile(
        "vctp.8 %[length]\n\t"
        "wls lr, %[rows], 2f\n"
        "1: vpstt\n\t"
        "vldrbt.u8 q0, [%[from]]\n\t"
        "vstrbt.8 q0, [%[to]]\n\t"
        "add %[from], %[from], %[from_step]\n\t"
        "add %[to], %[to], %[to_step]\n\t"
        "le lr, 1b\n"
        "2:"
        : [to] "+r"(to), [from] "+r"(from)
        : [length] "r"(length), [rows] "r"(rows), [to_step] "r"(to_step), [from_step] "r"(from_step)
        : "q0", "lr", "memory");
}

#endif
