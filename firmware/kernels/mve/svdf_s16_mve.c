/* svdf_s16 by the vector extension MVE, as svdf_code_mve.h says. */
#include "svdf_s16_mve.h"

#include "svdf_code_mve.h"

static inline int32_t dot(const int16_t *a, const int16_t *b, int32_t count)
{
    int32_t sum = 0;
    __asm volatile("wlstp.16 lr, %[count], 1f\n\t"
                   "2: vldrh.16 q0, [%[a]], #16\n\t"
                   "vldrh.16 q1, [%[b]], #16\n\t"
                   "vmladava.s16 %[sum], q0, q1\n\t"
                   "letp lr, 2b\n"
                   "1:"
                   : [sum] "+Te"(sum), [a] "+r"(a), [b] "+r"(b)
                   : [count] "r"(count)
                   : "q0", "q1", "lr", "memory");
    return sum;
}

QMCU_SVDF_BY_VECTORS(by_vectors, int16_t, INT16_MIN, INT16_MAX, vstrhq_scatter_offset_p_s32, dot)

void qmcu_svdf_s16_mve(const qmcu_svdf_s16_mve_params *params, const int8_t *input,
                       const int8_t *features, const int32_t *feature_bias, const int16_t *times,
                       const int32_t *bias, int16_t *state, int8_t *output)
{
    by_vectors(params, input, features, feature_bias, times, bias, state, output);
}
