/* split by 16 bytes at a time. */
#include "split_mve.h"

#include "copy_rows_mve.h"
#include "split_code.h"

void qmcu_split_mve(const qmcu_split_mve_params *params, const int8_t *input,
                    int8_t *const *outputs)
{
    qmcu_split_by(params, input, outputs, qmcu_mve_copy_rows);
}
