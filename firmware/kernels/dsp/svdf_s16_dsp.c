/* svdf_s16 with the products of the DSP extension. */
#include "svdf_s16_dsp.h"

#include "copy_dsp.h"
#include "dot_dsp.h"
#include "svdf_s16_code.h"

static inline uint32_t times_dot(uint32_t sum, const int16_t *a, const int16_t *b, int32_t count)
{
    int32_t result = (int32_t)sum;
    for (; count >= 2; count -= 2, a += 2, b += 2) {
        result = qmcu_smlad(qmcu_load_word(a), qmcu_load_word(b), result);
    }
    if (count > 0) {
        result = (int32_t)((uint32_t)result + (uint32_t)(*a * *b));
    }
    return (uint32_t)result;
}

void qmcu_svdf_s16_dsp(const qmcu_svdf_s16_dsp_params *params, const int8_t *input,
                       const int8_t *features, const int32_t *feature_bias, const int16_t *times,
                       const int32_t *bias, int16_t *state, int8_t *output)
{
    qmcu_svdf_s16_by(params, input, features, feature_bias, times, bias, state, output,
                     qmcu_dot_dsp, times_dot, qmcu_copy_bytes);
}
