/* output = clamp(round(input / scale) + zero_point), ties away from zero, four at a time: inputs within
   the range of bytes times the reciprocal in two parts, which gives what a division would on both sides of
   every tie (the compiler has tried them). NaN gives the least byte; a signalling one is quiet after the
   first maximum. */
#include "quantize_f32_s8_mve.h"

#if __ARM_FEATURE_MVE & 2

#include <arm_mve.h>

void qmcu_quantize_f32_s8_mve(const qmcu_quantize_f32_s8_mve_params *params, const float *input,
                              int8_t *output)
{
    const float32x4_t low = vdupq_n_f32(params->low), high = vdupq_n_f32(params->high);
    const int32_t *const words = (const int32_t *)(const void *)&params->reciprocal;

    __asm volatile(
        "wlstp.32 lr, %[size], 2f\n"
        "1: vldrw.u32 q0, [%[input]], #16\n\t"
        "vmaxnm.f32 q0, q0, %q[low]\n\t"
        "vmaxnm.f32 q0, q0, %q[low]\n\t"
        "vminnm.f32 q0, q0, %q[high]\n\t"
        "vmul.f32 q1, q0, %[rest]\n\t"
        "vfma.f32 q1, q0, %[reciprocal]\n\t"
        "vcvta.s32.f32 q1, q1\n\t"
        "vadd.i32 q1, q1, %[zero_point]\n\t"
        "vstrb.32 q1, [%[output]], #4\n\t"
        "letp lr, 1b\n"
        "2:"
        : [input] "+l"(input), [output] "+l"(output)
        : [size] "r"(params->size), [low] "w"(low), [high] "w"(high), [reciprocal] "r"(words[0]),
          [rest] "r"(words[1]), [zero_point] "r"(params->zero_point)
        : "q0", "q1", "lr", "memory");
}

#else /* vectors of integers alone */

#include "real.h"

void qmcu_quantize_f32_s8_mve(const qmcu_quantize_f32_s8_mve_params *params, const float *input,
                              int8_t *output)
{
    const float scale = params->scale; /* here, for the output may be anything */
    const int32_t zero_point = params->zero_point;
    const int32_t minimum = INT8_MIN - zero_point, maximum = INT8_MAX - zero_point;
    for (const float *const end = input + params->size; input != end; ++input) {
        const int32_t value = qmcu_rounded_quotient(*input, scale, minimum, maximum);
        *output++ = (int8_t)(value + zero_point);
    }
}

#endif
