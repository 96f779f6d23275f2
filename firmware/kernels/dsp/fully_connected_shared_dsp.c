/* One scale for all filters. */
#include "small.h"

#include "fully_connected_shared_dsp.h"

#include "fully_connected_pair_code_dsp.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
/* SUM is twice the sum; r8 to r10 are rounding, multiplier and shift */
#define OUTPUT(SUM)                      \
    "smmlar r2, " SUM ", r9, r8\n\t"     \
    "add r2, r2, " SUM ", asr #31\n\t"   \
    "asr r2, r2, r10\n\t"                \
    "ssat r2, #8, r2\n\t"                \
    "strb r2, [r0], #1\n\t"

__attribute__((naked)) static void multiply(const int8_t *input, const int16_t *weights,
                                            const int32_t *quads, int8_t *output,
                                            const int8_t *input_end, int32_t first_round,
                                            int32_t count, const int32_t *scale)
{
    __asm(QMCU_QUADS_BEGIN
          "ldr r12, " QMCU_QUADS_LAST "\n\t"
          "ldm r12, {r8-r10}\n\t"
          OUTPUT("r5")
          OUTPUT("r4")
          OUTPUT("r7")
          OUTPUT("r6")
          "strd r3, r0, [sp, #8]\n\t"
          QMCU_QUADS_END);
}
#pragma GCC diagnostic pop

void qmcu_fully_connected_shared_dsp(const qmcu_fully_connected_shared_dsp_params *p,
                                     const int8_t *input, const int16_t *weights,
                                     const int32_t *sums, int8_t *output)
{
    qmcu_fully_connected_quads(p, input, weights, sums, 4, &p->rounding, output, multiply);
}
