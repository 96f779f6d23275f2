/* Cuts a tensor into parts of any sizes along an axis. */
#include "split_v.h"

#include "copy_rows.h"

void qmcu_split_v(const qmcu_split_v_params *params, const int8_t *input, const int32_t *sizes,
                  int8_t *const *outputs)
{
    int32_t whole = 0;
    for (int32_t part = 0; part < params->parts; ++part) {
        whole += sizes[part];
    }
    for (int32_t part = 0; part < params->parts; ++part) {
        qmcu_copy_rows(outputs[part], sizes[part], input, whole, sizes[part], params->rows);
        input += sizes[part];
    }
}
