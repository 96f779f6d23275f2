/* output = scale * (input - zero_point), four at a time: the scale is a normal number, and so is what is
   not zero. */
#include "dequantize_s8_f32_mve.h"

void qmcu_dequantize_s8_f32_mve(const qmcu_dequantize_s8_f32_mve_params *params,
                                const int8_t *input, float *output)
{
#if __ARM_FEATURE_MVE & 2
    const int32_t *const scale = (const int32_t *)(const void *)&params->scale;
    __asm volatile(
        "wlstp.32 lr, %[size], 2f\n"
        "1: vldrb.s32 q0, [%[input]], #4\n\t"
        "vsub.i32 q0, q0, %[zero_point]\n\t"
        "vcvt.f32.s32 q0, q0\n\t"
        "vmul.f32 q0, q0, %[scale]\n\t"
        "vstrw.32 q0, [%[output]], #16\n\t"
        "letp lr, 1b\n"
        "2:"
        : [input] "+l"(input), [output] "+l"(output)
        : [size] "r"(params->size), [zero_point] "r"(params->zero_point), [scale] "r"(*scale)
        : "q0", "lr", "memory");
#else /* vectors of integers alone */
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = params->scale * (float)((int32_t)input[i] - params->zero_point);
    }
#endif
}
