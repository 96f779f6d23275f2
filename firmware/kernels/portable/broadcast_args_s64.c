/* The shape to which two shapes broadcast, the last dimensions side by side: of each pair the one
   that is not 1, else the first. */
#include "broadcast_args_s64.h"

void qmcu_broadcast_args_s64(const qmcu_broadcast_args_s64_params *params, const int64_t *input1,
                             const int64_t *input2, int64_t *output)
{
    const int32_t count = params->count1 > params->count2 ? params->count1 : params->count2;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t at1 = i - (count - params->count1);
        const int32_t at2 = i - (count - params->count2);
        const int64_t size1 = at1 < 0 ? 1 : input1[at1];
        const int64_t size2 = at2 < 0 ? 1 : input2[at2];
        output[i] = size1 == 1 ? size2 : size1;
    }
}
