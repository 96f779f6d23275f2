/* svdf_s16 with the products of the vector extension MVE. */
#include "svdf_s16_mve.h"

#include "dot_mve.h"
#include "mve.h"
#include "svdf_s16_code.h"

static inline uint32_t times_dot(uint32_t sum, const int16_t *a, const int16_t *b, int32_t count)
{
    int32_t result = (int32_t)sum;
    for (; count >= 8; count -= 8, a += 8, b += 8) {
        result = vmladavaq_s16(result, vldrhq_s16(a), vldrhq_s16(b));
    }
    if (count > 0) {
        const mve_pred16_t live = vctp16q((uint32_t)count);
        result = vmladavaq_s16(result, vldrhq_z_s16(a, live), vldrhq_z_s16(b, live));
    }
    return (uint32_t)result;
}

void qmcu_svdf_s16_mve(const qmcu_svdf_s16_mve_params *params, const int8_t *input,
                       const int8_t *features, const int32_t *feature_bias, const int16_t *times,
                       const int32_t *bias, int16_t *state, int8_t *output)
{
    qmcu_svdf_s16_by(params, input, features, feature_bias, times, bias, state, output,
                     qmcu_dot_mve, times_dot, qmcu_mve_copy);
}
