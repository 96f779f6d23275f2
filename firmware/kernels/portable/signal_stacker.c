/* Frames behind each other, with those left and right of it; not valid while some are missing. */
#include "signal_stacker.h"

#include <stddef.h>
#include <string.h>

void qmcu_signal_stacker(const qmcu_signal_stacker_params *params, const int16_t *input,
                         int16_t *kept, int16_t *output, uint8_t *valid)
{

    const size_t frame = (size_t)params->channels * sizeof(int16_t);
    int16_t *const samples = kept + 2;
    /* The first frame stands for those before it, too. */
    const int32_t times = kept[1] != 0 ? 1 : params->left + 1;
    for (int32_t i = 0; i < times; ++i) {
        memcpy(samples + kept[0], input, frame);
        kept[0] = (int16_t)(kept[0] + params->channels);
    }
    kept[1] = 1;
    const size_t whole = (size_t)params->capacity * sizeof(int16_t);
    *valid = kept[0] >= params->capacity;
    if (*valid != 0) {
        memcpy(output, samples, whole);
        kept[0] = (int16_t)(kept[0] - params->step);
        memmove(samples, samples + params->step, (size_t)kept[0] * sizeof(int16_t));
    } else {
        memset(output, 0, whole);
    }
}
