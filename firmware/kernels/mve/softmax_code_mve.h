/* softmax for MVE: four elements at a time, the arithmetic of fixed_exponential.h, in assembly, for the
   compiler moves predicates and vectors to and fro. VQRDMULH is its high multiply; what is divided is not
   negative, so that VRSHL rounds it likewise. A row's elements pass twice through one loop: exp is added
   up, then multiplied with the reciprocal of the sum. */
#ifndef QMCU_SOFTMAX_CODE_MVE_H
#define QMCU_SOFTMAX_CODE_MVE_H

#include "assembly_mve.h"
#include "softmax.h"
#include "uses_mve.h"

/* As LDM takes them. */
QMCU_PLACE(qmcu_softmax_params, rows, 0);
QMCU_PLACE(qmcu_softmax_params, depth, 4);
QMCU_PLACE(qmcu_softmax_params, multiplier, 8);
QMCU_PLACE(qmcu_softmax_params, shift, 12);
QMCU_PLACE(qmcu_softmax_params, minimum_difference, 16);

/* The difference of four elements to the largest as Q5.26 in q0, of those that are not there the least
   of all. Below the smallest difference that counts the shift saturates, which leaves -15.5 at most: its
   exp is 0 in the sum, and no probability. Where none of the four counts, to 5 with 0 in q4. */
#define QMCU_SOFTMAX_DIFFERENCES                           \
    "subs r0, r5, r3\n\t"                                  \
    "vctp.32 r0\n\t"                                       \
    "adds r0, r1, r3\n\t"                                  \
    "vmov.i32 q0, #0x80000000\n\t"                         \
    "vpstt\n\t"                                            \
    "vldrbt.s32 q1, [r0]\n\t"                              \
    "vsubt.i32 q0, q1, r12\n\t"                            \
    "vcmp.s32 ge, q0, r11\n\t"                             \
    "vmrs r0, p0\n\t"                                      \
    "vqshl.s32 q0, r9\n\t"                                 \
    "vqrdmulh.s32 q0, q0, r8\n\t"                          \
    "vmov.i32 q4, #0\n\t"                                  \
    "cbz r0, 5f\n\t"
/* exp of q0, q4 as Q0.31: that of what is over a whole number of quarters less one, the Taylor series
   around -1/8, times a factor for each bit of the quarters. They are negative where q0 is 0. */
#define QMCU_SOFTMAX_EXPONENTIALS                          \
    "vmov q1, q0\n\t"                                      \
    "vorr.i32 q1, #0xff000000\n\t"                         \
    "vsub.i32 q0, q1, q0\n\t"                              \
    "vshl.i32 q1, q1, #5\n\t"                              \
    "mov.w r0, #0x10000000\n\t"                            \
    "vadd.i32 q1, q1, r0\n\t"                              \
    "vqrdmulh.s32 q2, q1, q1\n\t"                          \
    "vqrdmulh.s32 q3, q2, q2\n\t"                          \
    "vqrdmulh.s32 q4, q2, q1\n\t"                          \
    "vrshr.s32 q3, q3, #2\n\t"                             \
    "vadd.i32 q3, q3, q4\n\t"                              \
    "ldr r0, =715827883\n\t"                               \
    "vqrdmulh.s32 q3, q3, r0\n\t"                          \
    "vadd.i32 q2, q2, q3\n\t"                              \
    "vrshr.s32 q2, q2, #1\n\t"                             \
    "vadd.i32 q1, q1, q2\n\t"                              \
    "ldr r0, =1895147668\n\t"                              \
    "vqrdmulh.s32 q1, q1, r0\n\t"                          \
    "vadd.i32 q4, q1, r0\n\t"                              \
    "vmov.i32 q1, #0x01000000\n\t"                         \
    "movs r4, #7\n\t"                                      \
    "ldr r0, =qmcu_softmax_factors\n\t"                    \
    "dls lr, r4\n"                                         \
    "4: vand q2, q0, q1\n\t"                               \
    "ldm r0!, {r4}\n\t"                                    \
    "vpt.i32 ne, q2, zr\n\t"                               \
    "vqrdmulht.s32 q4, q4, r4\n\t"                         \
    "vadd.i32 q1, q1, q1\n\t"                              \
    "le lr, 4b\n\t"                                        \
    "vpt.s32 lt, q0, zr\n\t"                               \
    "vmvnt.i32 q4, #0x80000000\n"
/* The mantissa of 1 / sum in r7, and what VRSHL takes in r6, 0 for exponents above 31, as
   softmax_reciprocal.h says: three steps of Newton and Raphson. */
#define QMCU_SOFTMAX_RECIPROCAL(BITS)                      \
    "clz r6, r10\n\t"                                      \
    "lsl.w r10, r10, r6\n\t"                               \
    "lsr.w r10, r10, #1\n\t"                               \
    "vdup.32 q0, r10\n\t"                                  \
    "ldr r0, =-1010580540\n\t"                             \
    "vqrdmulh.s32 q1, q0, r0\n\t"                          \
    "mov.w r0, #0x5a5a5a5a\n\t"                            \
    "vadd.i32 q1, q1, r0\n\t"                              \
    "vmov.i32 q3, #0x20000000\n\t"                         \
    "movs r0, #3\n"                                        \
    "6: vqrdmulh.s32 q2, q0, q1\n\t"                       \
    "vsub.i32 q2, q3, q2\n\t"                              \
    "vqrdmulh.s32 q2, q1, q2\n\t"                          \
    "vshl.i32 q2, q2, #2\n\t"                              \
    "vadd.i32 q1, q1, q2\n\t"                              \
    "subs r0, #1\n\t"                                      \
    "bne 6b\n\t"                                           \
    "vmov.32 r7, q1[0]\n\t"                                \
    "lsrs r0, r7, #30\n\t"                                 \
    "lsls r7, r7, #1\n\t"                                  \
    "subs r7, r7, r0\n\t"                                  \
    "subs r6, #43 - " BITS "\n\t"

/* A function of params, input, output, whose outputs have BITS, of which ONES are all set and HALF is the
   first: stored by STORE at the address of PLACE, that of element r3 from r2. ROW is from one row's
   outputs to the next one's. r1 input, r5 depth, r8 multiplier, r9 shift, r11 smallest difference, r12
   largest element, r10 sum as Q12.19; r6 and r7 as above, 0 in the first pass. */
#define QMCU_SOFTMAX_MVE(BITS, ONES, HALF, PLACE, STORE, ROW)  \
    __asm("push {r4-r11, lr}\n\t"                          \
          "vpush {d8-d9}\n\t"                              \
          "ldm r0, {r4, r5, r8, r9, r11}\n"                \
          QMCU_WHERE(SOFTMAX_ROWS,                         \
              "1: push {r4}\n\t")                          \
          "mvn r12, #127\n\t"                              \
          "mov r3, r1\n\t"                                 \
          "dlstp.8 lr, r5\n"                               \
          "2: vldrb.8 q0, [r3], #16\n\t"                   \
          "vmaxv.s8 r12, q0\n\t"                           \
          "letp lr, 2b\n\t"                                \
          "mov.w r10, #0\n\t"                              \
          "movs r6, #0\n"                                  \
          "8: movs r3, #0\n"                               \
          "3: " QMCU_SOFTMAX_DIFFERENCES                   \
          QMCU_SOFTMAX_EXPONENTIALS                        \
          "5: vrshr.s32 q0, q4, #12\n\t"                   \
          "vaddva.s32 r10, q0\n\t"                         \
          "cbz r6, 7f\n\t"                                 \
          "vqrdmulh.s32 q0, q4, r7\n\t"                    \
          "vrshl.s32 q0, r6\n\t"                           \
          "vmov.i32 q1, " ONES "\n\t"                      \
          "vmin.s32 q0, q0, q1\n\t"                        \
          "mov r0, " HALF "\n\t"                           \
          "vsub.i32 q0, q0, r0\n\t"                        \
          "subs r0, r5, r3\n\t"                            \
          "vctp.32 r0\n\t"                                 \
          PLACE "\n\t"                                     \
          "vpst\n\t"                                       \
          STORE " q0, [r0]\n"                              \
          "7: adds r3, #4\n\t"                             \
          "cmp r3, r5\n\t"                                 \
          "blt 3b\n\t"                                     \
          "cbnz r6, 9f\n\t"                                \
          QMCU_SOFTMAX_RECIPROCAL(BITS)                    \
          "b 8b\n"                                         \
          "9: "                                            \
          QMCU_WHERE(SOFTMAX_ROWS,                         \
              "pop {r4}\n\t"                               \
              "add r1, r1, r5\n\t"                         \
              ROW "\n\t"                                   \
              "subs r4, #1\n\t"                            \
              "bne 1b\n\t")                                \
          "vpop {d8-d9}\n\t"                               \
          "pop {r4-r11, pc}")

/* exp(-2^k) as Q0.31 for k = -2 to 4. */
__attribute__((used)) static const int32_t factors[7] __asm__("qmcu_softmax_factors") = {
    1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};

#endif
