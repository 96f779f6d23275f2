/* concatenation by 16 bytes at a time. */
#include "concatenation_mve.h"

#include "concatenation_code.h"
#include "copy_rows_mve.h"

void qmcu_concatenation_mve(const qmcu_concatenation_mve_params *params,
                            const int8_t *const *inputs, const int8_t *constants, int8_t *output)
{
    qmcu_concatenation_by(params, inputs, constants, output, qmcu_mve_copy_rows);
}
