/* resize_bilinear of weights in eighths for MVE: eight channels at a time, 16 instructions. */
#include "resize_bilinear_eighths_mve.h"

#include "blend_mve.h"

QMCU_RESIZE_BILINEAR(resize, int8_t)

static inline void blend(const int8_t *const corners[4], int32_t down, int32_t right,
                         int8_t *output, int32_t count)
{
    down >>= 7;
    right >>= 7;
    const int32_t left = 8 - right;
    QMCU_BLEND_MVE("16", "vldrb.s16", "vstrb.16", "8", "15", "3", "6");
}

void qmcu_resize_bilinear_eighths_mve(const qmcu_resize_bilinear_eighths_mve_params *params,
                                      const int8_t *input, int8_t *output)
{
    resize(params, input, output, blend);
}
