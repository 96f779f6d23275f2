#include "softmax_s8_s16_mve.h"

#include "softmax_code_mve.h"

__attribute__((naked)) void qmcu_softmax_s8_s16_mve(__attribute__((unused))
                                                    const qmcu_softmax_s8_s16_mve_params *params,
                                                    __attribute__((unused)) const int8_t *input,
                                                    __attribute__((unused)) int16_t *output)
{
    QMCU_SOFTMAX_MVE("16", "#0xffff", "#32768", "add r0, r2, r3, lsl #1", "vstrht.32",
                     "add r2, r2, r5, lsl #1");
}
