/* conv_2d_s16_quads_code.h says what it computes. */
#include "conv_2d_s16_quads_scalar.h"

#include "conv_2d_s16_quads_code.h"
#include "quads_s16_scalar.h"

typedef struct {
    uint32_t word[4];
} __attribute__((may_alias)) block;

/* Halfwords, eight at a time where all are in whole words. */
static void copy(int8_t *to, const int8_t *from, int32_t count)
{
    if ((((uintptr_t)to | (uintptr_t)from) & 3u) == 0) {
        for (; count >= 16; count -= 16, to += 16, from += 16) {
            *(block *)(void *)to = *(const block *)(const void *)from;
        }
    }
    for (; count > 0; count -= 2, to += 2, from += 2) {
        *(int16_t *)(void *)to = *(const int16_t *)(const void *)from;
    }
}

void qmcu_conv_2d_s16_quads_scalar(const qmcu_conv_2d_s16_quads_scalar_params *params,
                                   const int16_t *input, const int8_t *weights, const int32_t *bias,
                                   const int32_t *multipliers, void *scratch, int16_t *output)
{
    qmcu_conv_2d_s16_quads_by(params, input, weights, bias, multipliers, scratch, output,
                              qmcu_quads_s16_scalar, copy, QMCU_COLUMNS_S16_SCALAR);
}
