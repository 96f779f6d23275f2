/* 2 filters x 2 columns, weights as halfwords: 20 instructions for 32 products; sums come doubled.
 */
#include "multiply_wide_dsp.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* r4, r5 filter 1, columns 0 and 1; r6, r7 filter 0. */
#define FOUR                           \
    "ldm r0!, {r8-r11}\n\t"            \
    "ldm r1!, {r2, r3, r12, lr}\n\t"   \
    "smlad r6, r8, r2, r6\n\t"         \
    "smlad r7, r10, r2, r7\n\t"        \
    "smlad r4, r8, r12, r4\n\t"        \
    "smlad r5, r10, r12, r5\n\t"       \
    "smlad r6, r9, r3, r6\n\t"         \
    "smlad r7, r11, r3, r7\n\t"        \
    "smlad r4, r9, lr, r4\n\t"         \
    "smlad r5, r11, lr, r5\n\t"
#define STEP FOUR FOUR
/* SUM is twice the sum */
#define OUTPUT(SUM, TO)                   \
    "smmlar r11, " SUM ", r8, r9\n\t"     \
    "add r11, r11, " SUM ", asr #31\n\t"  \
    "asr r11, r11, r10\n\t"               \
    "ssat r11, #8, r11\n\t"               \
    "strb r11, " TO "\n\t"

__attribute__((naked)) void qmcu_multiply_wide_dsp(
    const qmcu_multiply_run *run, const int16_t *weights)
{
    __asm("push {r4-r11, lr}\n\t"
          "ldm r0, {r2-r8}\n\t"
          "adr.w r9, 2f\n\t"
          "sub r8, r9, r8\n\t"
          "orr r8, r8, #1\n\t"
          "push {r2-r8}\n\t"
          "b 0f\n\t"
          ".p2align 2\n"
          "1:\n\t" STEP STEP STEP STEP
          "2: ldr r2, [sp, #16]\n\t"
          "cmp r0, r2\n\t"
          "bne 1b\n\t"
          "ldrd r0, r3, [sp]\n\t"
          "ldr r2, [sp, #8]\n\t"
          "ldm r3!, {r8-r10}\n\t"
          OUTPUT("r7", "[r0, r2]")
          OUTPUT("r6", "[r0], #1")
          "ldr r12, [sp, #20]\n\t"
          "subs r12, r12, #2\n\t"
          "blt 4f\n\t"
          "str r12, [sp, #20]\n\t"
          "ldm r3!, {r8-r10}\n\t"
          OUTPUT("r5", "[r0, r2]")
          OUTPUT("r4", "[r0], #1")
          "beq 4f\n\t"
          "adds r3, r3, #8\n\t"
          "strd r0, r3, [sp]\n"
          "0: ldr r3, [sp, #4]\n\t"
          "ldr r0, [sp, #12]\n\t"
          "ldrd r4, r6, [r3, #24]\n\t"
          "mov r5, r4\n\t"
          "mov r7, r6\n\t"
          "ldr pc, [sp, #24]\n"
          "4: add sp, sp, #28\n\t"
          "pop {r4-r11, pc}");
}
