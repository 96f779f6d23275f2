#include "depthwise_3x3_steep_dsp.h"

/* SUM is twice the sum; twice what SMMULR gives leaves room for the sign where nothing is shifted. */
#define OUTPUT(SUM, TO)                \
    "smmulr r8, " SUM ", r2\n\t"       \
    "add r8, r3, r8, lsl #1\n\t"       \
    "add r8, r8, " SUM ", asr #31\n\t" \
    "asr r8, r8, r4\n\t"               \
    "ssat r8, #8, r8\n\t"              \
    "strb r8, " TO "\n\t"

#include "depthwise_3x3_code_dsp.h"

void qmcu_depthwise_3x3_steep_dsp(const qmcu_depthwise_3x3_steep_dsp_params *params,
                                  const int8_t *input, const int32_t *channels, void *scratch,
                                  int8_t *output)
{
    layer(params, input, channels, scratch, output, NULL);
}
