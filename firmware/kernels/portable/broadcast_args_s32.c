/* The shape to which two shapes broadcast, the last dimensions side by side: of each pair the one
   that is not 1, else the first. */
#include "broadcast_args_s32.h"

void qmcu_broadcast_args_s32(const qmcu_broadcast_args_s32_params *params, const int32_t *input1,
                             const int32_t *input2, int32_t *output)
{
    const int32_t count = params->count1 > params->count2 ? params->count1 : params->count2;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t at1 = i - (count - params->count1);
        const int32_t at2 = i - (count - params->count2);
        const int32_t size1 = at1 < 0 ? 1 : input1[at1];
        const int32_t size2 = at2 < 0 ? 1 : input2[at2];
        output[i] = size1 == 1 ? size2 : size1;
    }
}
