/* 2 filters x 2 columns. A weight halfword holds w0 + 256 * w1 exactly (|w| <= 127), so one SMLAD
   does 4 products: joint += x * (w0 + 256 * w1). SXTB16 takes w0 out of it for sum0; sum1 is then
   (joint - sum0) / 256 (exact mod 2^32 while |sum1| < 2^23). 23 instructions for 32 products. */
#include "multiply_pair_dsp.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* r4, r5 joint sums of columns 0 and 1; r6, r7 their sum0. */
#define QUAD(W0, W1)                 \
    "ldm r0!, {r8-r11}\n\t"          \
    "smlad r4, r8, " W0 ", r4\n\t"   \
    "smlad r5, r10, " W0 ", r5\n\t"  \
    "sxtb16 " W0 ", " W0 "\n\t"      \
    "smlad r6, r8, " W0 ", r6\n\t"   \
    "smlad r7, r10, " W0 ", r7\n\t"  \
    "smlad r4, r9, " W1 ", r4\n\t"   \
    "smlad r5, r11, " W1 ", r5\n\t"  \
    "sxtb16 " W1 ", " W1 "\n\t"      \
    "smlad r6, r9, " W1 ", r6\n\t"   \
    "smlad r7, r11, " W1 ", r7\n\t"
#define STEP "ldm r1!, {r2, r3, r12, lr}\n\t" QUAD("r2", "r3") QUAD("r12", "lr")
/* SUM is twice the sum */
#define OUTPUT(SUM, TO)                   \
    "smmlar r11, " SUM ", r8, r9\n\t"     \
    "add r11, r11, " SUM ", asr #31\n\t"  \
    "asr r11, r11, r10\n\t"               \
    "ssat r11, #8, r11\n\t"               \
    "strb r11, " TO "\n\t"

__attribute__((naked)) void qmcu_multiply_pair_dsp(
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
          "subs r4, r4, r6\n\t"
          "subs r5, r5, r7\n\t"
          "asrs r4, r4, #7\n\t"
          "asrs r5, r5, #7\n\t"
          "lsls r6, r6, #1\n\t"
          "lsls r7, r7, #1\n\t"
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
