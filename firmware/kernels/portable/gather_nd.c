/* Takes blocks of bytes, each named by an index along every one of the first dimensions. */
#include "gather_nd.h"

#include <string.h>

void qmcu_gather_nd(const qmcu_gather_nd_params *params, const int8_t *input,
                    const int32_t *indices, int8_t *output)
{
    const qmcu_gather_nd_params *const p = params;
    for (int32_t i = 0; i < p->count; ++i) {
        int64_t offset = 0;
        for (int32_t d = 0; d < p->indices; ++d) {
            offset += (int64_t)*indices++ * p->steps[d];
        }
        if (offset < 0) {
            offset = 0;
        }
        if (offset > p->last) {
            offset = p->last;
        }
        memcpy(output, input + offset, (size_t)p->block);
        output += p->block;
    }
}
