#include "split.h"

#include "split_code.h"

void qmcu_split(const qmcu_split_params *params, const int8_t *input, int8_t *const *outputs)
{
    qmcu_split_by(params, input, outputs, qmcu_copy_rows);
}
