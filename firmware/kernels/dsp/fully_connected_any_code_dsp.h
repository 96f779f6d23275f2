/* fully_connected for sums and multipliers of any size, four outputs at a time: 20 instructions for
   16 products, straight from bytes. */
#ifndef QMCU_FULLY_CONNECTED_ANY_CODE_DSP_H
#define QMCU_FULLY_CONNECTED_ANY_CODE_DSP_H

#include "any_dsp.h"
#include "dot_4_dsp.h"
#include "fully_connected_any_dsp.h"

/* The body of dot_1 below by two steps and one; r6 to r9 and r12 are free. Four steps a round, then
   one at a time. */
#define QMCU_SINGLE(TWO_STEPS, ONE_STEP)                                \
    __asm("push {r4-r9, lr}\n\t"                                        \
          "subs r2, r2, #4\n\t"                                         \
          "blt 2f\n\t"                                                  \
          "1:\n\t" TWO_STEPS TWO_STEPS "subs r2, r2, #4\n\t"            \
          "bge 1b\n\t"                                                  \
          "2: adds r2, r2, #4\n\t"                                      \
          "beq 4f\n\t"                                                  \
          "3: ldr r4, [r0], #4\n\t" ONE_STEP "subs r2, r2, #1\n\t"      \
          "bne 3b\n\t"                                                  \
          "4: mov r0, r3\n\t"                                           \
          "pop {r4-r9, pc}")

/* A filter times the input: r0 input, r1 weights, r2 steps of 4 values, r3 sum. */
typedef int32_t qmcu_dot_1(const int8_t *input, const int8_t *weights, int32_t steps, int32_t sum);

/* The whole layer; one to three filters that are no four go to `dot_1`, `step` bytes for 4 weights. */
static inline __attribute__((always_inline)) void
qmcu_fully_connected_any(const qmcu_fully_connected_any_dsp_params *p, const int8_t *input,
                         const int8_t *weights, const int32_t *channels, int8_t *output,
                         qmcu_dot_1 *dot_1, int32_t step)
{
    const int32_t steps = (p->input_depth + 3) >> 2;
    const int32_t bias_step = p->bias_step & 3, scale_step = bias_step & 2 ? bias_step : 0;
    /* Of filters in fours: values that are no step and lie by themselves. */
    const int32_t rest = p->bias_step >> 2, whole = rest ? p->input_depth >> 2 : steps;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int32_t *bias = channels;
        const int32_t *scale = channels + (scale_step > 0 ? 0 : p->output_depth);
        const int8_t *filters = weights;
        int32_t left = p->output_depth;
        for (; left >= 4; left -= 4) {
            int32_t sums[4];
            for (int32_t k = 0; k < 4; ++k) {
                sums[k] = *bias;
                bias += bias_step;
            }
            qmcu_dot_4_dsp(input, filters, whole, sums);
            filters += 16 * whole;
            for (int32_t k = 0; k < 4 && rest > 0; ++k, filters += rest) {
                sums[k] = (int32_t)qmcu_dot((uint32_t)sums[k], input + 4 * whole, filters, rest);
            }
            for (int32_t k = 0; k < 4; ++k) {
                *output++ = qmcu_any_output(sums[k], (const qmcu_any_channel *)scale,
                                            p->output_zero_point);
                scale += scale_step;
            }
        }
        for (; left > 0; --left) {
            const int32_t sum = dot_1(input, filters, steps, *bias);
            *output++ = qmcu_any_output(sum, (const qmcu_any_channel *)scale, p->output_zero_point);
            bias += bias_step;
            scale += scale_step;
            filters += step * steps;
        }
        input += p->input_depth;
    }
}

#endif
