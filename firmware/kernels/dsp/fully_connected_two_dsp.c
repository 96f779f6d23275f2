/* fully_connected of two outputs, which share what is made of the input's bytes: 28 instructions for 16
   products. */
#include "fully_connected_two_dsp.h"

#include "any_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* r0 input, r1 and r10 weights, r2 steps, r8 and r9 the sums. */
#define BOTH                         \
    "ldr r4, [r0], #4\n\t"           \
    "ldr r5, [r1], #4\n\t"           \
    "ldr r6, [r10], #4\n\t"          \
    "sxtb16 r7, r4\n\t"              \
    "sxtb16 r12, r5\n\t"             \
    "smlad r8, r7, r12, r8\n\t"      \
    "sxtb16 r12, r6\n\t"             \
    "smlad r9, r7, r12, r9\n\t"      \
    "sxtb16 r4, r4, ror #8\n\t"      \
    "sxtb16 r5, r5, ror #8\n\t"      \
    "smlad r8, r4, r5, r8\n\t"       \
    "sxtb16 r6, r6, ror #8\n\t"      \
    "smlad r9, r4, r6, r9\n\t"

/* Adds the products of two filters, the second 4 * steps bytes behind the first. */
__attribute__((naked)) static void dot_2(const int8_t *input, const int8_t *weights, int32_t steps,
                                         int32_t *sums)
{
    __asm("push {r3-r10, lr}\n\t"
          "ldm r3, {r8, r9}\n\t"
          "add r10, r1, r2, lsl #2\n\t"
          "subs r2, r2, #4\n\t"
          "blt 2f\n"
          "1: " BOTH BOTH BOTH BOTH
          "subs r2, r2, #4\n\t"
          "bge 1b\n"
          "2: adds r2, r2, #4\n\t"
          "beq 4f\n"
          "3: " BOTH
          "subs r2, r2, #1\n\t"
          "bne 3b\n"
          "4: pop {r3}\n\t"
          "stm r3, {r8, r9}\n\t"
          "pop {r4-r10, pc}");
}

void qmcu_fully_connected_two_dsp(const qmcu_fully_connected_two_dsp_params *params,
                                  const int8_t *input, const int8_t *weights,
                                  const int32_t *channels, int8_t *output)
{
    const qmcu_fully_connected_two_dsp_params *const p = params;
    const int32_t bias_step = p->bias_step & 3;
    const int32_t scale_step = bias_step & 2 ? bias_step : 0;
    const int32_t *const scale = channels + (scale_step > 0 ? 0 : 2);
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        int32_t sums[2] = {channels[0], channels[bias_step]};
        dot_2(input, weights, (p->input_depth + 3) >> 2, sums);
        for (int32_t k = 0; k < 2; ++k) {
            const int32_t *const own = scale + k * scale_step;
            *output++ = qmcu_any_output(sums[k], (const qmcu_any_channel *)own, p->output_zero_point);
        }
        input += p->input_depth;
    }
}
