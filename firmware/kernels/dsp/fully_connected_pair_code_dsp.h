/* 4 filters x 1 input, straight from bytes; weights in pairs as quad_pair_code_dsp.h
 * says. What becomes of the sums is said by whoever includes this. */
#ifndef QMCU_FULLY_CONNECTED_PAIR_CODE_DSP_H
#define QMCU_FULLY_CONNECTED_PAIR_CODE_DSP_H

#include "fully_connected_pair_dsp.h"
#include "quad_pair_code_dsp.h"

/* A naked function's body around its outputs: r5, r4, r7 and r6 are twice the sums of four filters.
   On the stack, below what was saved: input, where the first round begins, quads behind these sums,
   output; above it: where the input ends, where to begin (what loads the 4 values that are no 8, if there
   are), how many quads, and the last argument, at QMCU_QUADS_LAST. */
#define QMCU_QUADS_LAST "[sp, #64]"
#define QMCU_QUADS_BEGIN                    \
    "push {r0-r11, lr}\n\t"                 \
    "adr.w r4, 2f\n\t"                      \
    "ldr r5, [sp, #56]\n\t"                 \
    "bic r6, r5, #1\n\t"                    \
    "subs r4, r4, r6\n\t"                   \
    "adds r4, r4, #1\n\t"                   \
    "str r4, [sp, #4]\n\t"                  \
    "cmp r5, r6\n\t"                        \
    "itt ne\n\t"                            \
    "adrne.w r4, 3f\n\t"                    \
    "addne r4, r4, #1\n\t"                  \
    "str r4, [sp, #56]\n"                   \
    "0: ldr r0, [sp]\n\t"                   \
    "ldr r3, [sp, #8]\n\t"                  \
    "ldm r3!, {r4-r7}\n\t"                  \
    "str r3, [sp, #8]\n\t"                  \
    "ldr pc, [sp, #56]\n\t"                 \
    ".p2align 2\n"                          \
    "3:\n\t" QMCU_QUAD_FOUR                 \
    "ldr pc, [sp, #4]\n\t"                  \
    ".p2align 2\n"                          \
    "1:\n\t" QMCU_QUAD_STEP QMCU_QUAD_STEP QMCU_QUAD_STEP QMCU_QUAD_STEP \
    "2: ldr r2, [sp, #52]\n\t"              \
    "cmp r0, r2\n\t"                        \
    "bne.w 1b\n\t"                          \
    "ldrd r3, r0, [sp, #8]\n\t"             \
    "subs r4, r4, r5\n\t"                   \
    "asrs r4, r4, #7\n\t"                   \
    "lsls r5, r5, #1\n\t"                   \
    "subs r6, r6, r7\n\t"                   \
    "asrs r6, r6, #7\n\t"                   \
    "lsls r7, r7, #1\n\t"
#define QMCU_QUADS_END                      \
    "ldr r2, [sp, #60]\n\t"                 \
    "subs r2, r2, #1\n\t"                   \
    "str r2, [sp, #60]\n\t"                 \
    "bne.w 0b\n\t"                          \
    "add sp, sp, #16\n\t"                   \
    "pop {r4-r11, pc}"

typedef void qmcu_multiply_quads(const int8_t *input, const int16_t *weights, const int32_t *quads,
                                 int8_t *output, const int8_t *input_end, int32_t first_round,
                                 int32_t count, const int32_t *last);

/* The whole layer by `multiply`, whose quads have so many words. */
static inline __attribute__((always_inline)) void
qmcu_fully_connected_quads(const qmcu_fully_connected_pair_dsp_params *p, const int8_t *input,
                           const int16_t *weights, const int32_t *quads, int32_t words,
                           const int32_t *last, int8_t *output, qmcu_multiply_quads *multiply)
{
    /* Bytes of code of 1 to 4 steps, of which half the first is left out where there are 4 values that are
       no 8: then one more. */
    const int32_t steps = (p->input_depth + 3) >> 2, odd = steps & 1;
    const int32_t first_round = ((((steps + 1) >> 1) - 1) & 3) * QMCU_QUAD_STEP_CODE +
                                (odd ? QMCU_QUAD_HALF_CODE + 1 : QMCU_QUAD_STEP_CODE);
    const int32_t whole = p->output_depth / 4, left = p->output_depth % 4;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *const end = input + 4 * steps;
        if (whole) {
            multiply(input, weights, quads, output, end, first_round, whole, last);
        }
        output += 4 * whole;
        if (left) {
            int8_t few[4];
            multiply(input, weights + 8 * steps * whole, quads + words * whole, few, end,
                     first_round, 1, last);
            /* Of a loop, GCC makes a call of memcpy, which is as large as all of this. */
            output[0] = few[0];
            if (left > 1) {
                output[1] = few[1];
            }
            if (left > 2) {
                output[2] = few[2];
            }
            output += left;
        }
        input += p->input_depth;
    }
}

#endif
