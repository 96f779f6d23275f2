/* svdf for the DSP extension, as svdf_code_dsp.h says. */
#include "svdf_dsp.h"

#include "svdf_code_dsp.h"

static inline int32_t pass(void *memory, const void *times, int32_t count, int32_t fresh,
                           int32_t sum)
{
    int8_t *state = memory;
    const int8_t *time = times;
    int32_t kept = count - 1;
    for (; kept >= 4; kept -= 4, state += 4, time += 4) {
        const uint32_t values = qmcu_load_word(state + 1), factors = qmcu_load_word(time);
        qmcu_store_word(state, values);
        sum = qmcu_smlad(qmcu_sxtb16(values), qmcu_sxtb16(factors), sum);
        sum = qmcu_smlad(qmcu_sxtb16_odd(values), qmcu_sxtb16_odd(factors), sum);
    }
    for (; kept > 0; --kept, ++state) {
        *state = state[1];
        sum = (int32_t)((uint32_t)sum + (uint32_t)(*state * *time++));
    }
    *state = (int8_t)(uint8_t)fresh;
    return (int32_t)((uint32_t)sum + (uint32_t)(*state * *time));
}

void qmcu_svdf_dsp(const qmcu_svdf_dsp_params *params, const int8_t *input, const int8_t *features,
                   const int32_t *feature_bias, const int8_t *times, const int32_t *bias,
                   const int32_t *scales, int8_t *state, void *scratch, int8_t *output)
{
    qmcu_svdf_dsp_by(params, input, features, feature_bias, times, bias, (const qmcu_scale *)scales,
                     state, scratch, output, 1, qmcu_saturate_s8, pass);
}
