/* output = input * window >> shift, clipped; the window for each row anew. */
#include "signal_window.h"

void qmcu_signal_window(const qmcu_signal_window_params *params, const int16_t *input,
                        const int16_t *window, int16_t *output)
{

    for (int32_t begin = 0; begin < params->size; begin += params->length) {
        for (int32_t i = 0; i < params->length; ++i) {
            const int32_t raw = ((int32_t)input[begin + i] * window[i]) >> params->shift;
            const int32_t low = raw < INT16_MIN ? INT16_MIN : raw;
            output[begin + i] = (int16_t)(low > INT16_MAX ? INT16_MAX : low);
        }
    }
}
