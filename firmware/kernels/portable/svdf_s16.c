/* svdf_s16_code.h says what it computes. */
#include "svdf_s16.h"

#include "accumulate.h"
#include "svdf_s16_code.h"

static inline uint32_t times_dot(uint32_t sum, const int16_t *a, const int16_t *b, int32_t count)
{
    for (; count > 0; --count) {
        sum += (uint32_t)(*a++ * *b++);
    }
    return sum;
}

void qmcu_svdf_s16(const qmcu_svdf_params *params, const int8_t *input, const int8_t *features,
                   const int32_t *feature_bias, const int16_t *times, const int32_t *bias,
                   int16_t *state, int8_t *output)
{
    qmcu_svdf_s16_by(params, input, features, feature_bias, times, bias, state, output, qmcu_dot,
                     times_dot, qmcu_move_plain);
}
