#include "resize_bilinear_s16.h"

#include "resize_bilinear_s16_code.h"

void qmcu_resize_bilinear_s16(const qmcu_resize_bilinear_params *params, const int16_t *input,
                              int16_t *output)
{
    resize(params, input, output, qmcu_blend_s64);
}
