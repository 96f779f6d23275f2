/* clamp((sum of input * weight) + bias) with 21 instructions for 16 products. VMLA rounds the product
   and then the sum. */
#include "filters_f32_dsp.h"

#include "clamp_f32.h"

#if defined(__ARM_FP) && (__ARM_FP & 4)

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define VALUE(X, A, B, C, D)              \
    "vmla.f32 s0, " X ", " A "\n\t"       \
    "vmla.f32 s1, " X ", " B "\n\t"       \
    "vmla.f32 s2, " X ", " C "\n\t"       \
    "vmla.f32 s3, " X ", " D "\n\t"

__attribute__((naked)) void qmcu_four_f32_dsp(const float *values, const float *weights,
                                              int32_t count, float *sums)
{
    __asm("vldmia r3, {s0-s3}\n\t"
          "subs r2, r2, #4\n\t"
          "blt 2f\n"
          "1: vldmia r0!, {s4-s7}\n\t"
          "vldmia r1!, {s8-s15}\n\t"
          VALUE("s4", "s8", "s9", "s10", "s11")
          VALUE("s5", "s12", "s13", "s14", "s15")
          "vldmia r1!, {s8-s15}\n\t"
          VALUE("s6", "s8", "s9", "s10", "s11")
          VALUE("s7", "s12", "s13", "s14", "s15")
          "subs r2, r2, #4\n\t"
          "bge 1b\n"
          "2: adds r2, r2, #4\n\t"
          "beq 4f\n"
          "3: vldmia r0!, {s4}\n\t"
          "vldmia r1!, {s8-s11}\n\t"
          VALUE("s4", "s8", "s9", "s10", "s11")
          "subs r2, r2, #1\n\t"
          "bne 3b\n"
          "4: vstmia r3, {s0-s3}\n\t"
          "bx lr");
}
#pragma GCC diagnostic pop

#else

void qmcu_four_f32_dsp(const float *values, const float *weights, int32_t count, float *sums)
{
    for (int32_t i = 0; i < 4 * count; ++i) {
        sums[i % 4] += values[i / 4] * weights[i];
    }
}

#endif

static void one(const float *values, const float *weights, int32_t count, float *sums)
{
    float sum = *sums;
    for (const float *const end = values + count; values != end;) {
        sum += *values++ * *weights++;
    }
    *sums = sum;
}

void qmcu_filters_f32_dsp(const qmcu_filters_f32 *filters, const qmcu_runs_f32 *runs,
                          const float *image, const float *weights, const float *bias,
                          float *output)
{
    int32_t left = filters->outputs;
    while (left > 0) {
        const int32_t beside = left >= 4 ? 4 : 1;
        float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        for (int32_t row = 0; row < runs->rows; ++row) {
            const float *values = image + row * runs->image_row;
            const float *with =
                weights + beside * (runs->filter_first + row * runs->filter_row);
            for (int32_t run = runs->runs; run > 0; --run) {
                if (beside == 4) {
                    qmcu_four_f32_dsp(values, with, runs->length, sums);
                } else {
                    one(values, with, runs->length, sums);
                }
                values += runs->image_run;
                with += beside * runs->filter_run;
            }
        }
        for (int32_t i = 0; i < beside; ++i) {
            *output++ = qmcu_clamp_f32(sums[i] + *bias++, filters->minimum, filters->maximum);
        }
        weights += beside * filters->depth;
        left -= beside;
    }
}
