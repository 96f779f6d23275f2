/* A fully connected layer over time, its matrices of low rank (singular value decomposition).

   Each filter forgets the oldest of its values and remembers the sum of features * input. A unit is
   its bias, to which each filter's sum of times * state is added; all sums in the order of memory. */
#include "svdf_f32.h"

#include <string.h>

static float dot(const float *a, const float *b, int32_t count)
{
    float sum = 0.0f;
    for (int32_t i = 0; i < count; ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* The order of the comparisons makes NaN what it becomes in the interpreter. */
static float activated(const qmcu_svdf_f32_params *p, float value)
{
    if (p->bounds > 1) {
        value = value < p->activation_maximum ? value : p->activation_maximum;
    }
    if (p->bounds > 0) {
        value = value > p->activation_minimum ? value : p->activation_minimum;
    }
    return value;
}

void qmcu_svdf_f32(const qmcu_svdf_f32_params *params, const float *input, const float *features,
                   const float *times, const float *bias, float *state, float *output)
{
    const qmcu_svdf_f32_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const float *feature = features;
        const float *time = times;
        for (int32_t unit = 0; unit < p->units; ++unit) {
            float sum = bias[unit];
            for (int32_t i = 0; i < p->rank; ++i) {
                memmove(state, state + 1, (size_t)(p->memory - 1) * sizeof *state);
                state[p->memory - 1] = dot(feature, input, p->input_depth);
                sum += dot(time, state, p->memory);
                feature += p->input_depth;
                time += p->memory;
                state += p->memory;
            }
            *output++ = activated(p, sum);
        }
        input += p->input_depth;
    }
}
