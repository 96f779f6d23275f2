/* fully_connected for sums and multipliers of any size, four outputs at a time: 20 instructions for
   16 products, straight from bytes. One or two that are left have their weights as halfwords: 24 for
   16. */
#include "fully_connected_any_dsp.h"

#include "any_dsp.h"
#include "dot_4_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Two steps of one filter, whose weights are the halfwords that SXTB16 makes of a step's bytes. */
#define VALUES(BYTES, EVEN, ODD)              \
    "sxtb16 r12, " BYTES "\n\t"               \
    "smlad r3, r12, " EVEN ", r3\n\t"         \
    "sxtb16 " BYTES ", " BYTES ", ror #8\n\t" \
    "smlad r3, " BYTES ", " ODD ", r3\n\t"
#define TWO_STEPS          \
    "ldr r4, [r0], #4\n\t" \
    "ldr r5, [r0], #4\n\t" \
    "ldm r1!, {r6-r9}\n\t" VALUES("r4", "r6", "r7") VALUES("r5", "r8", "r9")

/* r0 input, r1 weights, r2 steps, r3 sum. Four steps a round, then one at a time. */
__attribute__((naked)) static int32_t dot_1(const int8_t *input, const int8_t *weights,
                                            int32_t steps, int32_t sum)
{
    __asm("push {r4-r9, lr}\n\t"
          "subs r2, r2, #4\n\t"
          "blt 2f\n\t"
          "1:\n\t" TWO_STEPS TWO_STEPS "subs r2, r2, #4\n\t"
          "bge 1b\n\t"
          "2: adds r2, r2, #4\n\t"
          "beq 4f\n\t"
          "3: ldr r4, [r0], #4\n\t"
          "ldm r1!, {r6, r7}\n\t" VALUES("r4", "r6", "r7") "subs r2, r2, #1\n\t"
                                                           "bne 3b\n\t"
                                                           "4: mov r0, r3\n\t"
                                                           "pop {r4-r9, pc}");
}
#pragma GCC diagnostic pop

void qmcu_fully_connected_any_dsp(const qmcu_fully_connected_any_dsp_params *params,
                                  const int8_t *input, const int8_t *weights,
                                  const int32_t *channels, int8_t *output)
{
    const qmcu_fully_connected_any_dsp_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const qmcu_channel *channel = (const qmcu_channel *)channels;
        const int8_t *filters = weights;
        int32_t left = p->output_depth;
        for (; left > 2; left -= 4) {
            int32_t sums[4] = {channel[0].bias, channel[1].bias, channel[2].bias, channel[3].bias};
            qmcu_dot_4_dsp(input, filters, p->steps, sums);
            for (int32_t k = 0; k < 4 && k < left; ++k) {
                *output++ = qmcu_any_output(sums[k], channel + k, p->output_zero_point);
            }
            channel += 4;
            filters += 16 * p->steps;
        }
        for (; left > 0; --left) {
            const int32_t sum = dot_1(input, filters, p->steps, channel->bias);
            *output++ = qmcu_any_output(sum, channel, p->output_zero_point);
            ++channel;
            filters += 8 * p->steps;
        }
        input += p->input_depth;
    }
}
