/* Transposition and slicing:
   output[i0][i1]... = input[start + i0 * strides[0] + i1 * strides[1] + ...]. */
#ifdef __ARM_ARCH_6M__
#include "small.h"
#endif

#include "strided_copy.h"

#include <string.h>

#include "strided_copy_code.h"

#ifdef __ARM_ARCH_6M__
/* Row by row: a function of its own would take more, for there are no words at any address. */
static inline void copy_rows(int8_t *to, int32_t to_step, const int8_t *from, int32_t from_step,
                             int32_t length, int32_t rows)
{
    for (; rows > 0; --rows, to += to_step, from += from_step) {
        memcpy(to, from, (size_t)length);
    }
}

/* Not inlined: its registers are its own. */
static __attribute__((noinline)) void gather(int8_t *to, const int8_t *from, int32_t step,
                                             int32_t count)
{
    qmcu_gather_plain(to, from, step, count);
}
#else
#define copy_rows qmcu_copy_rows
#define gather qmcu_gather_plain
#endif

void qmcu_strided_copy(const qmcu_strided_copy_params *params, const int8_t *input, int8_t *output)
{
    qmcu_strided_copy_by(params, input, output, copy_rows, gather, qmcu_copy_columns);
}
