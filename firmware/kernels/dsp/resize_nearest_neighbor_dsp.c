/* resize_nearest_neighbor by whole words. */
#include "resize_nearest_neighbor_dsp.h"

#include "dsp.h"
#include "resize_nearest_neighbor_code.h"

#define MANY 32 /* from which the library's function takes less */

/* Of words the last may lie over the one before. */
static inline void copy(int8_t *to, const int8_t *from, int32_t count)
{
    if (count >= MANY) {
        memcpy(to, from, (size_t)count);
    } else if (count >= 4) {
        for (int32_t i = 0; i < count - 4; i += 4) {
            qmcu_store_word(to + i, qmcu_load_word(from + i));
        }
        qmcu_store_word(to + count - 4, qmcu_load_word(from + count - 4));
    } else {
        for (int32_t i = 0; i < count; ++i) {
            to[i] = from[i];
        }
    }
}

void qmcu_resize_nearest_neighbor_dsp(const qmcu_resize_nearest_neighbor_dsp_params *params,
                                      const int8_t *input, const int16_t *rows,
                                      const int16_t *columns, int8_t *output)
{
    qmcu_resize_nearest_neighbor_by(params, input, rows, columns, output, copy);
}
