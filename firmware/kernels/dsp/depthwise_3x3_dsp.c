#include "small.h"

#include "depthwise_3x3_dsp.h"

/* SUM is twice the sum */
#define OUTPUT(SUM, TO)                \
    "smmlar r8, " SUM ", r2, r3\n\t"   \
    "add r8, r8, " SUM ", asr #31\n\t" \
    "asr r8, r8, r4\n\t"               \
    "ssat r8, #8, r8\n\t"              \
    "strb r8, " TO "\n\t"

#include "depthwise_3x3_code_dsp.h"

void qmcu_depthwise_3x3_dsp(const qmcu_depthwise_3x3_dsp_params *p, const int8_t *input,
                            const int32_t *channels, void *scratch, int8_t *output)
{
    layer(p, input, channels, scratch, output, NULL);
}

void qmcu_depthwise_3x3_unpacked_dsp(const qmcu_depthwise_3x3_dsp_params *p, const int8_t *input,
                                     const int32_t *channels, void *scratch, int8_t *output,
                                     qmcu_depthwise_unpack *unpack)
{
    layer(p, input, channels, scratch, output, unpack);
}
