/* What comes out is what came in `delay` samples before. */
#include "signal_delay.h"

void qmcu_signal_delay(const qmcu_signal_delay_params *params, const int16_t *input, int16_t *kept,
                       int16_t *output)
{

    const int32_t size = params->size, delay = params->delay;
    for (int32_t row = 0; row < params->outer; ++row) {
        for (int32_t i = 0; i < size; ++i) {
            output[i] = i < delay ? kept[i] : input[i - delay];
        }
        for (int32_t i = 0; i < delay; ++i) {
            kept[i] = i + size < delay ? kept[i + size] : input[i + size - delay];
        }
        kept += delay;
        input += size;
        output += size;
    }
}
