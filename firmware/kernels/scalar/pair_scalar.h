/* Products of packed windows with a filter, in assembly. */
#ifndef QMCU_PAIR_SCALAR_H
#define QMCU_PAIR_SCALAR_H

#if defined(__ARM_ARCH_6M__)

/* Two taps of packed windows: r0 columns, r1 filter, r3 2^15. A product of each pair, A + 2^16 * B with
   |A| and |B| below 2^15, goes to the sums in r8 and r9, and B to those in r10 and r11, of which the
   first two begin with the bias + 2^16 times the bias: 19 instructions for eight products. */
#define PAIR(FIRST, SECOND)          \
    "ldm r0!, {r4-r7}\n\t"           \
    "ldrb r2, [r1, #" FIRST "]\n\t"  \
    "sxtb r2, r2\n\t"                \
    "muls r4, r2\n\t"                \
    "muls r5, r2\n\t"                \
    "ldrb r2, [r1, #" SECOND "]\n\t" \
    "sxtb r2, r2\n\t"                \
    "muls r6, r2\n\t"                \
    "muls r7, r2\n\t"                \
    "adds r4, r4, r6\n\t"            \
    "adds r5, r5, r7\n\t"            \
    "add r8, r4\n\t"                 \
    "add r9, r5\n\t"                 \
    "adds r4, r4, r3\n\t"            \
    "adds r5, r5, r3\n\t"            \
    "asrs r4, r4, #16\n\t"           \
    "asrs r5, r5, #16\n\t"           \
    "add r10, r4\n\t"                \
    "add r11, r5\n\t"
#define PAIR_CODE "38"

#elif defined(__ARM_ARCH_7M__)

/* Two taps of packed windows: r0 columns, r1 filter, r9 2^15. A product of each pair, A + 2^16 * B with
   |A| and |B| below 2^15, goes with 2^15 more to the sums in r2 and r3, and B to those in r12 and lr, of
   which the first two begin with the bias + 2^16 times the bias - 2^15 times the pairs: 11
   instructions for eight products. */
#define PAIR                        \
    "ldm r0!, {r4-r6, r8}\n\t"      \
    "ldrsb r7, [r1], #2\n\t"        \
    "mla r4, r4, r7, r9\n\t"        \
    "mla r5, r5, r7, r9\n\t"        \
    "ldrsb r7, [r1, #-1]\n\t"       \
    "mla r4, r6, r7, r4\n\t"        \
    "mla r5, r8, r7, r5\n\t"        \
    "add r2, r2, r4\n\t"            \
    "add r3, r3, r5\n\t"            \
    "add r12, r12, r4, asr #16\n\t" \
    "add lr, lr, r5, asr #16\n\t"

#endif

#endif
