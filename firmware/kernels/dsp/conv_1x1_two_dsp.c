/* 1x1 convolution of so few filters that to lay pixels out as columns would take longer than to multiply
   them: each is read where it lies. */
#include "small.h"

#include "conv_1x1_two_dsp.h"

#include "dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Four values in X; a halfword of the weights holds w0 + 256 * w1, as in multiply_pair_code_dsp.h. */
#define QUAD(X, W0, W1)                \
    "sxtb16 r12, " X "\n\t"            \
    "smlad r10, r12, " W0 ", r10\n\t"  \
    "sxtb16 " W0 ", " W0 "\n\t"        \
    "smlad r11, r12, " W0 ", r11\n\t"  \
    "sxtb16 " X ", " X ", ror #8\n\t"  \
    "smlad r10, " X ", " W1 ", r10\n\t" \
    "sxtb16 " W1 ", " W1 "\n\t"        \
    "smlad r11, " X ", " W1 ", r11\n\t"

/* Adds to sums[0] the joint products, to sums[1] those of the first filter: 21 instructions for 16. */
__attribute__((naked)) static void dot_2(const int8_t *pixel, const int16_t *weights, int32_t steps,
                                         int32_t sums[2])
{
    __asm("push {r4-r11, lr}\n\t"
          "ldrd r10, r11, [r3]\n"
          "1: ldr r4, [r0], #4\n\t"
          "ldr r5, [r0], #4\n\t"
          "ldm r1!, {r6-r9}\n\t" QUAD("r4", "r6", "r7") QUAD("r5", "r8", "r9")
          "subs r2, r2, #1\n\t"
          "bne 1b\n\t"
          "strd r10, r11, [r3]\n\t"
          "pop {r4-r11, pc}");
}

#define FOUR(X, W0, W1)                 \
    "sxtb16 r12, " X "\n\t"             \
    "smlad r3, r12, " W0 ", r3\n\t"     \
    "sxtb16 " X ", " X ", ror #8\n\t"   \
    "smlad r3, " X ", " W1 ", r3\n\t"

/* The sum with the products of one filter, beside which there is none: 13 instructions for 8. */
__attribute__((naked)) static int32_t dot_1(const int8_t *pixel, const int16_t *weights,
                                            int32_t steps, int32_t sum)
{
    __asm("push {r4-r9, lr}\n"
          "1: ldr r4, [r0], #4\n\t"
          "ldr r5, [r0], #4\n\t"
          "ldm r1!, {r6-r9}\n\t" FOUR("r4", "r6", "r7") FOUR("r5", "r8", "r9")
          "subs r2, r2, #1\n\t"
          "bne 1b\n\t"
          "mov r0, r3\n\t"
          "pop {r4-r9, pc}");
}

void qmcu_conv_1x1_two_dsp(const qmcu_conv_1x1_two_dsp_params *p, const int8_t *input,
                           const int16_t *weights, const int32_t *pair, int8_t *output)
{
    const qmcu_filter_pair f = *(const qmcu_filter_pair *)pair;

    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t i = 0; i < p->pixels; ++i) {
            int32_t sums[2] = {f.joint_bias, f.bias0};
            if (p->filters == 1) {
                sums[1] = dot_1(input, weights, p->steps, f.bias0);
            } else {
                dot_2(input, weights, p->steps, sums);
            }
            const uint32_t first = (uint32_t)sums[1];
            *output++ =
                qmcu_requantize_s8((int32_t)(2 * first), f.multiplier0, f.rounding0, f.shift0);
            if (p->filters == 2) {
                const int32_t second = (int32_t)((uint32_t)sums[0] - first) >> 7;
                *output++ = qmcu_requantize_s8(second, f.multiplier1, f.rounding1, f.shift1);
            }
            input += p->pixel_step;
        }
        input += p->row_step;
    }
}
