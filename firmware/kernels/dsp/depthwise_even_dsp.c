#include "depthwise_even_dsp.h"

#include "depthwise_any_code_dsp.h"

void qmcu_depthwise_even_dsp(const qmcu_depthwise_even_dsp_params *params, const int8_t *input,
                             const int8_t *weights, const int32_t *channels, void *scratch,
                             int8_t *output)
{
    const qmcu_depthwise_kind kind = {.bytes = 1, .even = 1};
    const uint32_t *const words = (const uint32_t *)(const void *)weights;
    qmcu_depthwise_any(params, input, words, channels, scratch, output, kind);
}
