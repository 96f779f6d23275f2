/* Four bytes at once. Saturation to int8
   and then to limits inside int8 is saturation to the limits. */
#include "clamp_dsp.h"

#include "dsp.h"

static inline uint32_t clamp(uint32_t a, uint32_t low, uint32_t high)
{
    return qmcu_minimum_s8x4(qmcu_maximum_s8x4(a, low), high);
}

void qmcu_clamp_dsp(const qmcu_clamp_dsp_params *params, int8_t *values)
{
    const uint32_t low = (uint32_t)(uint8_t)params->minimum * 0x01010101u;
    const uint32_t high = (uint32_t)(uint8_t)params->maximum * 0x01010101u;
    int32_t left = params->size;
    for (; left >= 16; left -= 16) {
        uint32_t *const words = (uint32_t *)(void *)values;
        const uint32_t a = words[0], b = words[1], c = words[2], d = words[3];
        words[0] = clamp(a, low, high);
        words[1] = clamp(b, low, high);
        words[2] = clamp(c, low, high);
        words[3] = clamp(d, low, high);
        values += 16;
    }
    for (; left > 0; --left) {
        *values = (int8_t)clamp((uint32_t)(uint8_t)*values, low, high);
        ++values;
    }
}
