/* 21 instructions for 32 products; the sums of a position go to the stack in one. A^T m gives 24 * sum
   mod 2^32; the inverse of 3 and a shift make it 2 * sum. */
#include "winograd_rows_multiply_dsp.h"

#include "winograd_code_dsp.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* s0: where in the steps to begin, s1: segment, s2: gap, s3: end, s4: end of the segment, s5: row, s6: lr. */
__attribute__((naked)) void qmcu_winograd_rows_multiply_dsp(const uint32_t *values,
                                                            const int16_t *weights,
                                                            const qmcu_winograd_row *row)
{
    __asm("push {r4-r11}\n\t"
          "vmov s5, r2\n\t"
          "vmov s6, lr\n\t"
          "ldm r2, {r3-r6}\n\t"
          "adr.w r2, 1f\n\t"
          "adds r3, r3, r2\n\t"
          "orr r3, r3, #1\n\t"
          "vmov s0, s1, r3, r4\n\t"
          "vmov s2, s3, r5, r6\n\t"
          "b 0f\n\t"
          ".p2align 2\n"
          "0: vmov r2, s1\n\t"
          "adds r2, r2, r0\n\t"
          "vmov s4, r2\n\t" FIRST "vmov r2, s0\n\t"
          "bx r2\n\t"
          ".p2align 2\n"
          "1:\n\t" STEP STEP STEP STEP STEP STEP STEP STEP "vmov r2, s4\n\t"
          "cmp r0, r2\n\t"
          "bne.w 1b\n\t"
          "push {r4-r7}\n\t"
          "vmov r2, r3, s2, s3\n\t"
          "adds r0, r0, r2\n\t"
          "cmp r0, r3\n\t"
          "bne.w 0b\n\t"
          "vmov r2, s5\n\t"
          "adds r2, r2, #16\n\t"
          "ldm r2, {r1, r12, lr}\n\t"
          "mov r0, sp\n"
          "2: ldm r12!, {r8-r11}\n\t"
          "ldr r3, [r0, #16]\n\t"
          "ldr r4, [r0, #32]\n\t"
          "ldr r5, [r0, #48]\n\t"
          "ldr r6, [r0, #64]\n\t"
          "ldr r7, [r0, #80]\n\t"
          "ldr r2, [r0], #4\n\t"
          "add r3, r3, r8\n\t"
          "movw r8, #0xaaab\n\t"
          "movt r8, #0xaaaa\n\t" SUMS_AND_DIFFERENCES OUTPUT("r2", "#2", "[lr]")
              OUTPUT("r4", "#2", "[lr, r1]") OUTPUT("r3", "#2", "[lr, r1, lsl #1]")
          "add r2, lr, r1\n\t" OUTPUT("r7", "#2", "[r2, r1, lsl #1]")
          "add lr, lr, #1\n\t"
          "add r2, sp, #16\n\t"
          "cmp r0, r2\n\t"
          "bne.w 2b\n\t"
          "add sp, sp, #96\n\t"
          "pop {r4-r11}\n\t"
          "vmov lr, s6\n\t"
          "bx lr");
}
