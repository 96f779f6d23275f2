/* The largest value, in the part of the window that lies inside the image, then
   clamped. */
#include "max_pool_2d_f32.h"

static float pool(const qmcu_pool_f32_params *p, const float *image, int32_t rows, int32_t columns)
{
    float result = -0x1.fffffep127f;
    for (int32_t row = 0; row < rows; ++row) {
        for (int32_t column = 0; column < columns; ++column) {
            const float value = image[(row * p->input_width + column) * p->depth];
            result = result < value ? value : result;
        }
    }
    return result;
}

void qmcu_max_pool_2d_f32(const qmcu_pool_f32_params *params, const float *input, float *output)
{
    qmcu_pool_f32(params, input, output, pool);
}
