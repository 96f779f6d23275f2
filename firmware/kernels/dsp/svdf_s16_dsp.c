/* svdf_s16 for the DSP extension, as svdf_code_dsp.h says. */
#include "svdf_s16_dsp.h"

#include "svdf_code_dsp.h"

static inline int32_t pass(void *memory, const void *times, int32_t count, int32_t fresh,
                           int32_t sum)
{
    int16_t *state = memory;
    const int16_t *time = times;
    int32_t kept = count - 1;
    for (; kept >= 2; kept -= 2, state += 2, time += 2) {
        const uint32_t values = qmcu_load_word(state + 1);
        qmcu_store_word(state, values);
        sum = qmcu_smlad(values, qmcu_load_word(time), sum);
    }
    if (kept > 0) {
        *state = state[1];
        sum = (int32_t)((uint32_t)sum + (uint32_t)(*state++ * *time++));
    }
    *state = (int16_t)(uint16_t)fresh;
    return (int32_t)((uint32_t)sum + (uint32_t)(*state * *time));
}

void qmcu_svdf_s16_dsp(const qmcu_svdf_s16_dsp_params *params, const int8_t *input,
                       const int8_t *features, const int32_t *feature_bias, const int16_t *times,
                       const int32_t *bias, const int32_t *scales, int16_t *state, void *scratch,
                       int8_t *output)
{
    qmcu_svdf_dsp_by(params, input, features, feature_bias, times, bias, (const qmcu_scale *)scales,
                     state, scratch, output, 2, qmcu_saturate_s16, pass);
}
