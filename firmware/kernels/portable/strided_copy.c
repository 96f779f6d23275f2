/* Transposition and slicing:
   output[i0][i1]... = input[start + i0 * strides[0] + i1 * strides[1] + ...]. */
#ifdef __ARM_ARCH_6M__
#include "small.h"
#endif

#include "strided_copy.h"

#include "strided_copy_code.h"

void qmcu_strided_copy(const qmcu_strided_copy_params *params, const int8_t *input, int8_t *output)
{
    qmcu_strided_copy_by(params, input, output, qmcu_copy_plain, qmcu_gather_plain);
}
