/* Four channels and two taps at a time. */
#include "depthwise_rows_code_dsp.h"
#include "output_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Two taps of four channels, r8 and the register TAP, times the weights at r12: for each
   channel a pair of halfwords. */
#define QMCU_PAIR(TAP)                    \
    "pkhbt r10, r8, " TAP ", lsl #16\n\t" \
    "pkhtb r8, " TAP ", r8, asr #16\n\t"  \
    "sxtb16 r9, r10\n\t"                  \
    "ldr r11, [r12], #4\n\t"              \
    "smlad r4, r9, r11, r4\n\t"           \
    "sxtb16 r10, r10, ror #8\n\t"         \
    "ldr r11, [r12], #4\n\t"              \
    "smlad r5, r10, r11, r5\n\t"          \
    "sxtb16 r9, r8\n\t"                   \
    "ldrd r10, r11, [r12], #8\n\t"        \
    "smlad r6, r9, r10, r6\n\t"           \
    "sxtb16 r8, r8, ror #8\n\t"           \
    "smlad r7, r8, r11, r7\n\t"

/* Saves registers, takes weights and channel from the stack; label 1: four sums from their biases. */
#define QMCU_BIASES            \
    "push {r3-r11, lr}\n\t"    \
    "ldr r12, [sp, #40]\n\t"   \
    "ldr lr, [sp, #44]\n\t"    \
    "1: ldr r4, [lr]\n\t"      \
    "ldr r5, [lr, #16]\n\t"    \
    "ldr r6, [lr, #32]\n\t"    \
    "ldr r7, [lr, #48]\n\t"

/* The next channel's constants, at lr, and the output of its sum. */
#define QMCU_CHANNEL(SUM) \
    "adds lr, lr, #4\n\t" \
    "ldm lr!, {r8, r9, r10}\n\t" QMCU_OUTPUT(SUM, "r8", "r9", "r10")

/* The outputs of four channels; then the next four from label 1, or the end of the function. */
#define QMCU_CHANNELS     \
    QMCU_CHANNEL("r4")    \
    QMCU_CHANNEL("r5")    \
    QMCU_CHANNEL("r6")    \
    QMCU_CHANNEL("r7")    \
    "ldr r8, [sp, #48]\n\t" \
    "strb r4, [r8], #1\n\t" \
    "strb r5, [r8], #1\n\t" \
    "strb r6, [r8], #1\n\t" \
    "strb r7, [r8], #1\n\t" \
    "str r8, [sp, #48]\n\t" \
    "ldr r8, [sp]\n\t"      \
    "subs r8, r8, #4\n\t"   \
    "str r8, [sp]\n\t"      \
    "bgt 1b\n\t"            \
    "pop {r3-r11, pc}"

/* One pixel of a 3 x 3 kernel; a, b and c are its first taps in the three rows. In assembly, since
   the compiler spills: 31 instructions an output, 46 otherwise. r0 to r2 rows, r3 depth, r4 to r7
   sums, r12 weights, lr channel; on the stack channels left, then weights, channel, output. */
__attribute__((naked)) static void pixel_3x3(const int8_t *a, const int8_t *b, const int8_t *c,
                                             int32_t depth, const uint32_t *weights,
                                             const qmcu_channel *channel, int8_t *output)
{
    __asm(QMCU_BIASES
          "ldr r8, [r0]\n\t"
          "ldr r9, [r0, r3]\n\t"
          QMCU_PAIR("r9")
          "ldr r8, [r0, r3, lsl #1]\n\t"
          "ldr r9, [r1]\n\t"
          QMCU_PAIR("r9")
          "ldr r8, [r1, r3]\n\t"
          "ldr r9, [r1, r3, lsl #1]\n\t"
          QMCU_PAIR("r9")
          "ldr r8, [r2]\n\t"
          "ldr r9, [r2, r3]\n\t"
          QMCU_PAIR("r9")
          "ldr r8, [r2, r3, lsl #1]\n\t"
          QMCU_PAIR("r8")
          "adds r0, r0, #4\n\t"
          "adds r1, r1, #4\n\t"
          "adds r2, r2, #4\n\t"
          QMCU_CHANNELS);
}

/* One pixel of any kernel, whose taps, in pairs, are those from `taps` to `end`, `offset` bytes
   further. r3 channels left, then the next tap's pointer. */
__attribute__((naked)) static void pixel(const int8_t *const *taps, const int8_t *const *end,
                                         int32_t offset, int32_t depth, const uint32_t *weights,
                                         const qmcu_channel *channel, int8_t *output)
{
    __asm(QMCU_BIASES
          "mov r3, r0\n\t"
          "2: ldm r3!, {r8, r9}\n\t"
          "ldr r8, [r8, r2]\n\t"
          "ldr r9, [r9, r2]\n\t"
          QMCU_PAIR("r9")
          "cmp r3, r1\n\t"
          "bne 2b\n\t"
          "adds r2, r2, #4\n\t"
          QMCU_CHANNELS);
}

typedef struct {
    const uint32_t *weights;
    const qmcu_channel *channels;
} filters_t;

static inline void all_channels(const qmcu_depthwise_conv_2d_dsp_params *p,
                                const int8_t *const *taps, const int8_t *const *end,
                                int32_t offset, int8_t *output, const void *filters)
{
    const filters_t *const f = filters;
    if (p->kernel_height == 3 && p->kernel_width == 3) {
        pixel_3x3(taps[0] + offset, taps[3] + offset, taps[6] + offset, p->depth, f->weights,
                  f->channels, output);
    } else {
        pixel(taps, end, offset, p->depth, f->weights, f->channels, output);
    }
}

void qmcu_depthwise_conv_2d_dsp(const qmcu_depthwise_conv_2d_dsp_params *params,
                                const int8_t *input, const int16_t *weights,
                                const int32_t *channels, void *scratch, int8_t *output)
{
    const filters_t filters = {(const uint32_t *)(const void *)weights,
                               (const qmcu_channel *)channels};
    layer(params, input, &filters, scratch, output, all_channels);
}
