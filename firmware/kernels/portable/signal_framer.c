/* Frames of `size` samples, `step` apart, from a stream; not valid while one is not full. */
#include "signal_framer.h"

#include <stddef.h>
#include <string.h>

void qmcu_signal_framer(const qmcu_signal_framer_params *params, const int16_t *input,
                        int16_t *kept, int16_t *output, uint8_t *valid)
{

    const size_t step = (size_t)params->step, frame = (size_t)params->size;
    /* How many samples are waiting in each row, beyond what waits at first. */
    const int32_t begun = kept[0] + params->first;
    int32_t waiting = begun;
    *valid = 1;
    for (int32_t row = 0; row < params->outer; ++row) {
        int16_t *const samples = kept + 1 + row * params->capacity;
        waiting = begun;
        for (int32_t i = 0; i < params->frames; ++i) {
            memcpy(samples + waiting, input, step * sizeof(int16_t));
            waiting += params->step;
            if (waiting >= params->size) {
                memcpy(output, samples, frame * sizeof(int16_t));
                waiting -= params->step;
                memmove(samples, samples + step, (size_t)waiting * sizeof(int16_t));
            } else {
                memset(output, 0, frame * sizeof(int16_t));
                *valid = 0;
            }
            input += step;
            output += frame;
        }
    }
    kept[0] = (int16_t)(waiting - params->first);
}
