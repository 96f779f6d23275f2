/* A scale of its own for each filter. The rounding, 2^(shift - 1) + (zero point << shift), is
   (2 * zero point + 1) << (shift - 1). */
#include "fully_connected_pair_code_dsp.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
/* SUM is twice the sum, SHIFT one less than the shift; r12 is 2 * zero point + 1 */
#define OUTPUT(SUM, MULTIPLIER, SHIFT)             \
    "lsl lr, r12, " SHIFT "\n\t"                   \
    "smmlar r2, " SUM ", " MULTIPLIER ", lr\n\t"   \
    "add r2, r2, " SUM ", asr #31\n\t"             \
    "asr r2, r2, " SHIFT "\n\t"                    \
    "ssat r2, #8, r2, asr #1\n\t"                  \
    "strb r2, [r0], #1\n\t"

__attribute__((naked)) static void multiply(const int8_t *input, const int16_t *weights,
                                            const int32_t *quads, int8_t *output,
                                            const int8_t *input_end, int32_t first_round,
                                            int32_t count, const int32_t *rounding)
{
    __asm(QMCU_QUADS_BEGIN
          "ldr r12, " QMCU_QUADS_LAST "\n\t"
          "ldr r12, [r12]\n\t"
          "ldm r3!, {r8-r11}\n\t"
          OUTPUT("r5", "r8", "r9")
          OUTPUT("r4", "r10", "r11")
          "ldm r3!, {r8-r11}\n\t"
          OUTPUT("r7", "r8", "r9")
          OUTPUT("r6", "r10", "r11")
          "strd r3, r0, [sp, #8]\n\t"
          QMCU_QUADS_END);
}
#pragma GCC diagnostic pop

void qmcu_fully_connected_pair_dsp(const qmcu_fully_connected_pair_dsp_params *p,
                                   const int8_t *input, const int16_t *weights,
                                   const int32_t *quads, int8_t *output)
{
    qmcu_fully_connected_quads(p, input, weights, quads, sizeof(qmcu_filter_quad) / 4, &p->rounding,
                               output, multiply);
}
