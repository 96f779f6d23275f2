/* 4 filters x 1 input, straight from bytes; weights in pairs as quad_pair_code_dsp.h
 * says. */
#include "fully_connected_pair_dsp.h"

#include "quad_pair_code_dsp.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
/* SUM is twice the sum */
#define OUTPUT(SUM, MULTIPLIER, ROUNDING, SHIFT)           \
    "smmlar r2, " SUM ", " MULTIPLIER ", " ROUNDING "\n\t" \
    "add r2, r2, " SUM ", asr #31\n\t"                     \
    "asr r2, r2, " SHIFT "\n\t"                            \
    "ssat r2, #8, r2\n\t"                                  \
    "strb r2, [r0], #1\n\t"

__attribute__((naked)) static void multiply_quads(const int8_t *input, const int16_t *weights,
                                                  const qmcu_filter_quad *quads, int8_t *output,
                                                  const int8_t *input_end, int32_t first_round,
                                                  int32_t count)
{
    __asm("push {r0, r2, r3, r4-r11, lr}\n\t"
          "adr.w r4, 2f\n\t"
          "ldr r5, [sp, #52]\n\t"
          "subs r4, r4, r5\n\t"
          "adds r4, r4, #1\n\t"
          "str r4, [sp, #52]\n"
          "0: ldr r0, [sp]\n\t"
          "ldr r3, [sp, #4]\n\t"
          "ldm r3!, {r4-r7}\n\t"
          "str r3, [sp, #4]\n\t"
          "ldr pc, [sp, #52]\n\t"
          ".p2align 2\n"
          "1:\n\t" QMCU_QUAD_STEP QMCU_QUAD_STEP QMCU_QUAD_STEP QMCU_QUAD_STEP "2: ldr r2, [sp, #48]\n\t"
          "cmp r0, r2\n\t"
          "bne.w 1b\n\t"
          "ldrd r3, r0, [sp, #4]\n\t"
          "subs r4, r4, r5\n\t"
          "asrs r4, r4, #7\n\t"
          "lsls r5, r5, #1\n\t"
          "subs r6, r6, r7\n\t"
          "asrs r6, r6, #7\n\t"
          "lsls r7, r7, #1\n\t"
          "ldm r3!, {r8-r12, lr}\n\t" OUTPUT("r5", "r8", "r9", "r10") OUTPUT(
              "r4", "r11", "r12", "lr") "ldm r3!, {r8-r12, lr}\n\t" OUTPUT("r7", "r8", "r9", "r10")
              OUTPUT("r6", "r11", "r12", "lr") "strd r3, r0, [sp, #4]\n\t"
                                               "ldr r2, [sp, #56]\n\t"
                                               "subs r2, r2, #1\n\t"
                                               "str r2, [sp, #56]\n\t"
                                               "bne.w 0b\n\t"
                                               "add sp, sp, #12\n\t"
                                               "pop {r4-r11, pc}");
}
#pragma GCC diagnostic pop

void qmcu_fully_connected_pair_dsp(const qmcu_fully_connected_pair_dsp_params *p,
                                   const int8_t *input, const int16_t *weights,
                                   const int32_t *quads, int8_t *output)
{
    const qmcu_filter_quad *const q = (const qmcu_filter_quad *)quads;
    const int32_t first_round = (((p->steps - 1) & 3) + 1) * QMCU_QUAD_STEP_CODE;
    const int32_t whole = p->output_depth / 4, left = p->output_depth % 4;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *const end = input + 8 * p->steps;
        if (whole) {
            multiply_quads(input, weights, q, output, end, first_round, whole);
        }
        output += 4 * whole;
        if (left) {
            int8_t last[4];
            multiply_quads(input, weights + 16 * p->steps * whole, q + whole, last, end,
                           first_round, 1);
            /* Of a loop, GCC makes a call of memcpy, which is as large as all of this. */
            output[0] = last[0];
            if (left > 1) {
                output[1] = last[1];
            }
            if (left > 2) {
                output[2] = last[2];
            }
            output += left;
        }
        input += p->input_depth;
    }
}
