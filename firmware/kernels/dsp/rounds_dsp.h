/* The loop of naked functions that add products to four sums. */
#ifndef QMCU_ROUNDS_DSP_H
#define QMCU_ROUNDS_DSP_H

/* r2 steps: four a round, then the rest; label 4 stands behind them. */
#define QMCU_STEPS(STEP)                               \
    "subs r2, r2, #4\n\t"                              \
    "blt 2f\n\t"                                       \
    "1:\n\t" STEP STEP STEP STEP "subs r2, r2, #4\n\t" \
    "bge 1b\n\t"                                       \
    "2: adds r2, r2, #4\n\t"                           \
    "beq 4f\n\t"                                       \
    "3:\n\t" STEP "subs r2, r2, #1\n\t"                \
    "bne 3b\n\t"                                       \
    "4: "

/* A naked function's body. STEP adds to the sums, r4 to r7, what it loads by r0 and r1; r2 has how
   many steps there are, r3 where the sums are. */
/* clang-format off */
#define QMCU_ROUNDS(STEP)       \
    __asm(                      \
        "push {r3-r11, lr}\n\t" \
        "ldm r3, {r4-r7}\n\t"   \
        QMCU_STEPS(STEP)        \
        "ldr r3, [sp]\n\t"      \
        "stm r3, {r4-r7}\n\t"   \
        "pop {r3-r11, pc}")
/* clang-format on */

/* Of a step: two sums of products of a filter's 4 bytes with the halfwords of r8, by bytes 0 and 2,
   and of r9, by 1 and 3. */
#define QMCU_FILTER(WEIGHTS, SUM)                 \
    "sxtb16 lr, " WEIGHTS "\n\t"                  \
    "smlad " SUM ", lr, r8, " SUM "\n\t"          \
    "sxtb16 " WEIGHTS ", " WEIGHTS ", ror #8\n\t" \
    "smlad " SUM ", " WEIGHTS ", r9, " SUM "\n\t"
/* The filters of all four sums, whose weights are in r3 and r10 to r12. */
#define QMCU_FILTERS        \
    QMCU_FILTER("r3", "r4") \
    QMCU_FILTER("r10", "r5") QMCU_FILTER("r11", "r6") QMCU_FILTER("r12", "r7")

#endif
