#ifdef __ARM_ARCH_6M__
#include "small.h"
#endif

#include "concatenation.h"

#include "concatenation_code.h"

void qmcu_concatenation(const qmcu_concatenation_params *params, const int8_t *const *inputs,
                        const int8_t *constants, int8_t *output)
{
    qmcu_concatenation_by(params, inputs, constants, output, qmcu_copy_rows);
}
