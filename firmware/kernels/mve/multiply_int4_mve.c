/* int4 weights, a byte for a value of each of two filters: 16 instructions for the 128 products of a
   step. */
#include "multiply_int4_mve.h"

#include "multiply_code_mve.h"

#define QMCU_STEP(ACCUMULATE)                  \
    "vldrb.u8 q4, [r9], #16\n\t"               \
    "vldrb.u8 q0, [r1], #16\n\t"               \
    "vshr.s8 q5, q4, #4\n\t"                   \
    "vshl.i8 q4, q4, #4\n\t"                   \
    "vldrb.u8 q1, [r3], #16\n\t"               \
    "vshr.s8 q4, q4, #4\n\t"                   \
    "vmladav" ACCUMULATE ".s8 r0, q4, q0\n\t"  \
    "vmladav" ACCUMULATE ".s8 r2, q4, q1\n\t"  \
    "vldrb.u8 q2, [r5], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r4, q4, q2\n\t"  \
    "vldrb.u8 q3, [r7], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r6, q4, q3\n\t"  \
    "vmladav" ACCUMULATE ".s8 r8, q5, q0\n\t"  \
    "vmladav" ACCUMULATE ".s8 r10, q5, q1\n\t" \
    "vmladav" ACCUMULATE ".s8 r12, q5, q2\n\t" \
    "vmladav" ACCUMULATE ".s8 lr, q5, q3\n\t"

static __attribute__((naked, noinline)) void multiply(__attribute__((unused))
                                                      const qmcu_mve_tile *tile)
{
    QMCU_MVE_MULTIPLY(QMCU_STEP);
}

const qmcu_mve_multiplier qmcu_mve_int4 = {
    .begin = qmcu_mve_begin_pairs,
    .tile = qmcu_mve_pairs,
    .multiply = multiply,
    .code_bytes = 16 * 4,
    .words = 4,
    .at_once = 2,
};
