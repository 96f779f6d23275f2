/* The input in the middle of an output whose rest mirrors it. */
#include "mirror_pad.h"

#include <string.h>

/* So many are copied before a call of the library's function would have begun. */
enum { FEW_BYTES = 4 };

/* Which input position an output position of dimension d shows. */
static int32_t mirrored(const qmcu_mirror_pad_params *p, int32_t d, int32_t position)
{
    const int32_t at = position - p->before[d];
    if (at < 0) {
        return -at - 1 + p->edge;
    }
    if (at < p->input[d]) {
        return at;
    }
    const int32_t back = 2 * p->input[d] - 1 - p->edge - at;
    return back > 0 ? back : 0;
}

void qmcu_mirror_pad(const qmcu_mirror_pad_params *params, const int8_t *input, int8_t *output)
{
    const qmcu_mirror_pad_params *const p = params;
    const int32_t last = QMCU_WALK_RANK - 1;
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *row = input;
        for (int32_t d = 0; d < last; ++d) {
            row += mirrored(p, d, walk.at[d]) * p->steps[d];
        }
        for (int32_t i = 0; i < p->shape[last];) {
            /* The input's own blocks lie side by side in both. */
            const int32_t blocks = i == p->before[last] ? p->input[last] : 1;
            const int8_t *from = row + mirrored(p, last, i) * p->block;
            int8_t *const end = output + blocks * p->block;
            if (end - output > FEW_BYTES) {
                memcpy(output, from, (size_t)(end - output));
                output = end;
            }
            while (output != end) {
                *output++ = *from++;
            }
            i += blocks;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
