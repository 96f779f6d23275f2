/* Where the largest element along an axis is: the first of those that are equal. */
#include "arg_max_f32.h"

void qmcu_arg_max_f32(const qmcu_arg_params *params, const float *input, int32_t *output)
{
    const qmcu_arg_params *const p = params;
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t i = 0; i < p->inner; ++i) {
            const float *const first = input + i;
            float found = *first;
            int32_t place = 0;
            for (int32_t at = 1; at < p->length; ++at) {
                if (first[at * p->inner] > found) {
                    found = first[at * p->inner];
                    place = at;
                }
            }
            *output++ = place;
        }
        input += p->length * p->inner;
    }
}
