#include "small.h"

#include "output_scalar.h"

void qmcu_store_pixels_scalar(const uint32_t sums[4], int32_t multiplier, int32_t shift,
                              const qmcu_output_limits *limits, int8_t *const outputs[4])
{
    for (int32_t i = 0; i < 4; ++i) {
        *outputs[i] = qmcu_scalar_output(sums[i], multiplier, shift, limits);
    }
}
