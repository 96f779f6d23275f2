/* One to three outputs that are no four take 30 instructions for 16 products. */
#include "small.h"

#include "fully_connected_any_code_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define VALUES(X, W)                     \
    "sxtb16 r12, " X "\n\t"              \
    "sxtb16 r9, " W "\n\t"               \
    "smlad r3, r12, r9, r3\n\t"          \
    "sxtb16 " X ", " X ", ror #8\n\t"    \
    "sxtb16 " W ", " W ", ror #8\n\t"    \
    "smlad r3, " X ", " W ", r3\n\t"

__attribute__((naked)) static int32_t dot_1(const int8_t *input, const int8_t *weights,
                                            int32_t steps, int32_t sum)
{
    QMCU_SINGLE("ldr r4, [r0], #4\n\t"
                "ldr r5, [r0], #4\n\t"
                "ldm r1!, {r6, r7}\n\t" VALUES("r4", "r6") VALUES("r5", "r7"),
                "ldr r6, [r1], #4\n\t" VALUES("r4", "r6"));
}

void qmcu_fully_connected_any_dsp(const qmcu_fully_connected_any_dsp_params *params,
                                  const int8_t *input, const int8_t *weights,
                                  const int32_t *channels, int8_t *output)
{
    qmcu_fully_connected_any(params, input, weights, channels, output, dot_1, 4);
}
