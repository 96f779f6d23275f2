/* Where the smallest element along an axis is: the first of those that are equal. */
#include "arg_min.h"

void qmcu_arg_min(const qmcu_arg_params *params, const int8_t *input, int32_t *output)
{
    const qmcu_arg_params *const p = params;
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t i = 0; i < p->inner; ++i) {
            const int8_t *const first = input + i;
            int8_t found = *first;
            int32_t place = 0;
            for (int32_t at = 1; at < p->length; ++at) {
                if (first[at * p->inner] < found) {
                    found = first[at * p->inner];
                    place = at;
                }
            }
            *output++ = place;
        }
        input += p->length * p->inner;
    }
}
