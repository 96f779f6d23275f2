/* One to three outputs that are no four have their weights as halfwords: 24 instructions for 16
   products. */
#include "fully_connected_any_wide_dsp.h"

#include "fully_connected_any_code_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* The weights are the halfwords that SXTB16 makes of a step's bytes. */
#define VALUES(BYTES, EVEN, ODD)              \
    "sxtb16 r12, " BYTES "\n\t"               \
    "smlad r3, r12, " EVEN ", r3\n\t"         \
    "sxtb16 " BYTES ", " BYTES ", ror #8\n\t" \
    "smlad r3, " BYTES ", " ODD ", r3\n\t"

__attribute__((naked)) static int32_t dot_1(const int8_t *input, const int8_t *weights,
                                            int32_t steps, int32_t sum)
{
    QMCU_SINGLE("ldr r4, [r0], #4\n\t"
                "ldr r5, [r0], #4\n\t"
                "ldm r1!, {r6-r9}\n\t" VALUES("r4", "r6", "r7") VALUES("r5", "r8", "r9"),
                "ldm r1!, {r6, r7}\n\t" VALUES("r4", "r6", "r7"));
}

void qmcu_fully_connected_any_wide_dsp(const qmcu_fully_connected_any_wide_dsp_params *params,
                                       const int8_t *input, const int8_t *weights,
                                       const int32_t *channels, int8_t *output)
{
    qmcu_fully_connected_any(params, input, weights, channels, output, dot_1, 8);
}
