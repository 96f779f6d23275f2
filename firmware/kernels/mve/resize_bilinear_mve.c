/* resize_bilinear for MVE: four channels at a time, 16 instructions. */
#include "resize_bilinear_mve.h"

#include "blend_mve.h"

QMCU_RESIZE_BILINEAR(resize, int8_t)

static inline void blend(const int8_t *const corners[4], int32_t down, int32_t right,
                         int8_t *output, int32_t count)
{
    const int32_t left = 1024 - right;
    QMCU_BLEND_MVE("32", "vldrb.s32", "vstrb.32", "4", "31", "10", "20");
}

void qmcu_resize_bilinear_mve(const qmcu_resize_bilinear_mve_params *params, const int8_t *input,
                              int8_t *output)
{
    resize(params, input, output, blend);
}
