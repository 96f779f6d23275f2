/* svdf_s16 for the DSP extension, as svdf_code_dsp.h says. */
#include "regions.h"

#include "svdf_s16_dsp.h"

#include "svdf_code_dsp.h"

/* Of a filter first what is no two values, then twos; the last two are the last word's upper half and
   the new one. Out of line, for the registers. */
static __attribute__((noinline)) void pass(void *memories, const void *times, int32_t memory,
                                           int32_t *sums, int32_t count)
{
    int16_t *state = memories;
    const int16_t *time = times;
    for (; count > 0; --count) {
        int32_t sum = 0;
        if (memory % 2 != 0) {
            *state = (int16_t)(uint16_t)(memory > 1 ? state[1] : *sums);
            sum = *state++ * *time++;
        }
        if (memory > 1) {
            for (const int16_t *const end = time + memory - memory % 2 - 2; time < end; time += 2) {
                const uint32_t values = qmcu_load_word(state + 1);
                qmcu_store_word(state, values);
                state += 2;
                sum = qmcu_smlad(values, qmcu_load_word(time), sum);
            }
            const uint32_t values = qmcu_pack_high(qmcu_load_word(state), (uint32_t)*sums << 16);
            qmcu_store_word(state, values);
            sum = qmcu_smlad(values, qmcu_load_word(time), sum);
            state += 2;
            time += 2;
        }
        *sums++ = sum;
    }
}

void qmcu_svdf_s16_dsp(const qmcu_svdf_s16_dsp_params *params, const int8_t *input,
                       const int8_t *features, const void *feature_bias, const int16_t *times,
                       const int32_t *bias, const int32_t *scales, int16_t *state, void *scratch,
                       int8_t *output)
{
    qmcu_svdf_dsp_by(params, input, features, feature_bias, times, bias, (const qmcu_scale *)scales,
                     state, scratch, output, 2, qmcu_saturate_s16, pass);
}
