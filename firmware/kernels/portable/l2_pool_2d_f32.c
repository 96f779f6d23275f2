/* The root of the average square, rounded at each step, in the part of the window that lies inside the image, then
   clamped. */
#include "l2_pool_2d_f32.h"

#include "real_functions.h"

static float pool(const qmcu_pool_f32_params *p, const float *image, int32_t rows, int32_t columns)
{
    float result = 0.0f;
    for (int32_t row = 0; row < rows; ++row) {
        for (int32_t column = 0; column < columns; ++column) {
            const float value = image[(row * p->input_width + column) * p->depth];
            result += value * value;
        }
    }
    return qmcu_square_root(result / (float)(rows * columns));
}

void qmcu_l2_pool_2d_f32(const qmcu_pool_f32_params *params, const float *input, float *output)
{
    qmcu_pool_f32(params, input, output, pool);
}
