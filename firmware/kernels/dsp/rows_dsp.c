#include "rows_dsp.h"

#define LAST (QMCU_WALK_RANK - 1)
#define FEWEST 7 /* values in a column that are worth a walk's step */

static void swap(int32_t *values)
{
    const int32_t last = values[LAST];
    values[LAST] = values[LAST - 1];
    values[LAST - 1] = last;
}

qmcu_rows_dsp qmcu_rows_of_dsp(const int32_t *shape, const int32_t *strides1,
                               const int32_t *strides2)
{
    qmcu_rows_dsp rows;
    int32_t size = 1;
    for (int32_t d = LAST; d >= 0; --d) {
        rows.shape[d] = shape[d];
        rows.strides[0][d] = strides1[d];
        rows.strides[1][d] = strides2[d];
        rows.strides[2][d] = size;
        size *= shape[d];
    }
    const int32_t both = strides1[LAST] != 0 && strides2[LAST] != 0;
    const int32_t one = (strides1[LAST - 1] == 0) != (strides2[LAST - 1] == 0);
    if (both && one && shape[LAST - 1] >= FEWEST) {
        swap(rows.shape);
        for (int32_t i = 0; i < 3; ++i) {
            swap(rows.strides[i]);
        }
    }
    return rows;
}
