/* svdf for the DSP extension, as svdf_code_dsp.h says. */
#include "regions.h"

#include "svdf_dsp.h"

#include "svdf_code_dsp.h"

/* Four products of a word of states, VALUES, with the next word of factors. */
#define FOUR                                             \
    "ldr %[factors], [%[time]], #4\n\t"                  \
    "sxtb16 %[even], %[values]\n\t"                      \
    "sxtb16 %[values], %[values], ror #8\n\t"            \
    "sxtb16 %[even_factors], %[factors]\n\t"             \
    "sxtb16 %[factors], %[factors], ror #8\n\t"          \
    "smlad %[sum], %[even], %[even_factors], %[sum]\n\t" \
    "smlad %[sum], %[values], %[factors], %[sum]\n\t"

/* Moves `count` states, in fours and 4 at least, on by one, puts the new one behind them and adds
   their products to the sum. The last four are the last word's upper three bytes and the new one. */
static inline int32_t fours(int8_t *state, const int8_t *time, int32_t count, int32_t fresh,
                            int32_t sum)
{
    const int8_t *const last = state + count - 4;
    uint32_t values, factors, even, even_factors;
    __asm volatile(
        "b 2f\n"
        "1: ldr %[values], [%[state], #1]\n\t"
        "str %[values], [%[state]], #4\n\t" FOUR "2: cmp %[state], %[last]\n\t"
        "bne 1b\n\t"
        "ldr %[values], [%[state]]\n\t"
        "lsrs %[values], %[values], #8\n\t"
        "orr %[values], %[values], %[fresh], lsl #24\n\t"
        "str %[values], [%[state]]\n\t" FOUR
        : [state] "+r"(state), [time] "+r"(time), [sum] "+r"(sum), [values] "=&r"(values),
          [factors] "=&r"(factors), [even] "=&r"(even), [even_factors] "=&r"(even_factors)
        : [last] "r"(last), [fresh] "r"(fresh)
        : "cc", "memory");
    return sum;
}

/* Of a filter first what is no four values. Out of line, for the registers. */
static __attribute__((noinline)) void pass(void *memories, const void *times, int32_t memory,
                                           int32_t *sums, int32_t count)
{
    int8_t *state = memories;
    const int8_t *time = times;
    const int32_t single = memory < 4 ? memory - 1 : memory % 4;
    for (; count > 0; --count) {
        int32_t sum = 0;
        for (int32_t i = 0; i < single; ++i) {
            state[i] = state[i + 1];
            sum += state[i] * time[i];
        }
        if (memory < 4) {
            state[single] = (int8_t)(uint8_t)*sums;
            sum += state[single] * time[single];
        } else {
            sum = fours(state + single, time + single, memory - single, *sums, sum);
        }
        state += memory;
        time += memory;
        *sums++ = sum;
    }
}

void qmcu_svdf_dsp(const qmcu_svdf_dsp_params *params, const int8_t *input, const int8_t *features,
                   const void *feature_bias, const int8_t *times, const int32_t *bias,
                   const int32_t *scales, int8_t *state, void *scratch, int8_t *output)
{
    qmcu_svdf_dsp_by(params, input, features, feature_bias, times, bias, (const qmcu_scale *)scales,
                     state, scratch, output, 1, qmcu_saturate_s8, pass);
}
