/* Sums of the four corners of a pixel by their weights, in lanes of `size` bits. */
#ifndef QMCU_BLEND_MVE_H
#define QMCU_BLEND_MVE_H

#include "mve.h"
#include "resize_bilinear_code.h"

/* Of `count` bytes as a blend of QMCU_RESIZE_BILINEAR has them: (above << bits) + down * (below -
   above), both with `right` of 2^bits to the right, `left` of them to the left; that shifted to the right by twice the bits, ties
   away from zero. `sign` is the last bit of a lane. In assembly, for the compiler keeps predicates and
   pointers in memory. */
#define QMCU_BLEND_MVE(size, load, store, step, sign, bits, twice)                           \
    do {                                                                                     \
        const int8_t *a = corners[0], *b = corners[1], *c = corners[2], *d = corners[3];     \
        __asm volatile(                                                                      \
            "wlstp." size " lr, %[count], 2f\n"                                              \
            "1: " load " q0, [%[a]], #" step "\n\t"                                          \
            "vmul.i" size " q0, q0, %[left]\n\t" load " q1, [%[b]], #" step "\n\t"           \
            "vmla.s" size " q0, q1, %[right]\n\t" load " q1, [%[c]], #" step "\n\t"          \
            "vmul.i" size " q1, q1, %[left]\n\t" load " q2, [%[d]], #" step "\n\t"           \
            "vmla.s" size " q1, q2, %[right]\n\t"                                            \
            "vsub.i" size " q1, q1, q0\n\t"                                                  \
            "vshl.i" size " q0, q0, #" bits "\n\t"                                           \
            "vmla.s" size " q0, q1, %[down]\n\t"                                             \
            "vshr.s" size " q1, q0, #" sign "\n\t"                                           \
            "vadd.i" size " q0, q0, q1\n\t"                                                  \
            "vrshr.s" size " q0, q0, #" twice "\n\t" store " q0, [%[output]], #" step "\n\t" \
            "letp lr, 1b\n"                                                                  \
            "2:"                                                                             \
            : [a] "+l"(a), [b] "+l"(b), [c] "+l"(c), [d] "+l"(d), [output] "+l"(output)      \
            : [count] "r"(count), [left] "r"(left), [right] "r"(right), [down] "r"(down)     \
            : "q0", "q1", "q2", "lr", "memory");                                             \
    } while (0)

#endif
