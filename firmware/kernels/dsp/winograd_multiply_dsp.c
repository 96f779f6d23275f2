/* 21 instructions for 32 products; the sums of a position go to the stack in one. */
#include "winograd_multiply_dsp.h"

#include "winograd_code_dsp.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* A^T m of r2 to r7, 6 = 3 * 2 times m0 and m5, with A^T = (24 -16 -16 4 4 0; 0 -16 16 8 -8 0;
   0 -16 -16 16 16 0; 0 -16 16 32 -32 96) / 4, by 1, 1/2, 1/4 and 1/4 in r2, r4, r3 and r7. */
#define COMBINE                      \
    "adds r3, r3, r4\n\t"            \
    "sub r4, r3, r4, lsl #1\n\t"     \
    "adds r5, r5, r6\n\t"            \
    "sub r6, r5, r6, lsl #1\n\t"     \
    "add r2, r2, r2, lsl #1\n\t"     \
    "add r2, r5, r2, lsl #1\n\t"     \
    "sub r2, r2, r3, lsl #2\n\t"     \
    "subs r3, r5, r3\n\t"            \
    "add r7, r7, r7, lsl #1\n\t"     \
    "add r7, r7, r6\n\t"             \
    "rsb r7, r4, r7, lsl #1\n\t"     \
    "sub r4, r6, r4, lsl #1\n\t"

/* r0: 36 products, 4 words apart. r1: slot. A^T m A gives 576 * sum mod 2^32, by powers of two; the
   inverse of 9, times that of the row, and the shift of the column make it 2 * sum. */
__attribute__((naked, used)) static void winograd_output(const int32_t *products,
                                                         const qmcu_winograd_slot *slot)
{
    /* clang-format off */
    __asm(
        "push {r1, lr}\n\t"
        "ldr r8, [r1, #12]\n\t"
        "ldm r8, {r2, r9, r10, r11}\n\t"
        "ldr r3, [r0, #112]\n\t"
        "adds r3, r3, r2\n\t"
        "str r3, [r0, #112]\n\t"
        "sub sp, sp, #112\n\t"
        "movw r8, #0x8e39\n\t"
        "movt r8, #0x38e3\n\t"
        "lsl r2, r8, #1\n\t"
        "lsl r3, r8, #2\n\t"
        "str r8, [sp, #24]\n\t"
        "str r2, [sp, #52]\n\t"
        "str r3, [sp, #80]\n\t"
        "str r3, [sp, #108]\n\t"
        "mov r1, sp\n\t"
        "add r12, sp, #24\n"
        "1: ldr r3, [r0, #96]\n\t"
        "ldr r4, [r0, #192]\n\t"
        "ldr r5, [r0, #288]\n\t"
        "ldr r6, [r0, #384]\n\t"
        "ldr r7, [r0, #480]\n\t"
        "ldr r2, [r0], #16\n\t"
        COMBINE
        "str r4, [r1, #28]\n\t"
        "str r3, [r1, #56]\n\t"
        "str r7, [r1, #84]\n\t"
        "stm r1!, {r2}\n\t"
        "cmp r1, r12\n\t"
        "bne 1b\n\t"
        "ldr r2, [sp, #112]\n\t"
        "ldrd r1, r12, [r2]\n\t"
        "ldr lr, [r2, #8]\n\t"
        "add r0, sp, #112\n"
        "2: pop {r2-r8}\n\t"
        COMBINE
        OUTPUT("r2", "#5", "[r1]")
        OUTPUT("r3", "#3", "[r1, r12, lsl #1]")
        "add r1, r1, r12\n\t"
        OUTPUT("r4", "#4", "[r1]")
        OUTPUT("r7", "#3", "[r1, r12, lsl #1]")
        "add r1, r1, lr\n\t"
        "cmp sp, r0\n\t"
        "bne 2b\n\t"
        "pop {r1, pc}");
    /* clang-format on */
}

__attribute__((naked)) void qmcu_winograd_multiply_dsp(const uint32_t *values,
                                                       const int16_t *weights,
                                                       const uint32_t *values_end, int32_t skipped,
                                                       const qmcu_winograd_slot *slots)
{
    __asm("push {r4-r11, lr}\n\t"
          "sub sp, sp, #4\n\t"
          "adr.w r4, 1f\n\t"
          "add r4, r4, r3\n\t"
          "orr r4, r4, #1\n\t"
          "vmov s0, s1, r2, r4\n\t"
          "b 0f\n\t"
          ".p2align 2\n"
          "0:\n\t" FIRST "vmov r2, s1\n\t"
          "bx r2\n\t"
          ".p2align 2\n"
          "1:\n\t" STEP STEP STEP STEP STEP STEP STEP "push {r4-r7}\n\t"
          "vmov r2, s0\n\t"
          "cmp r0, r2\n\t"
          "bne.w 0b\n\t"
          "mov r0, sp\n\t"
          "add r2, sp, #576\n\t"
          "ldr r1, [r2, #40]\n\t"
          "bl winograd_output\n\t"
          "add r0, sp, #4\n\t"
          "adds r1, r1, #16\n\t"
          "bl winograd_output\n\t"
          "add r0, sp, #8\n\t"
          "adds r1, r1, #16\n\t"
          "bl winograd_output\n\t"
          "add r0, sp, #12\n\t"
          "adds r1, r1, #16\n\t"
          "bl winograd_output\n\t"
          "add sp, sp, #580\n\t"
          "pop {r4-r11, pc}");
}
