/* Four channels and two taps at a time, weights as bytes. The rounding, 2^(shift - 1) + (zero point <<
   shift), is (2 * zero point + 1) << (shift - 1). */
#include "depthwise_bytes_dsp.h"

#include "depthwise_rows_code_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* A sum of products of bytes 0 and 2 of both words, then of 1 and 3; r0 and r9 are free. */
#define PRODUCTS(VALUES, WEIGHTS, EVEN, ODD)           \
    "sxtb16 r9, " VALUES "\n\t"                        \
    "sxtb16 r0, " WEIGHTS "\n\t"                       \
    "smlad " EVEN ", r9, r0, " EVEN "\n\t"             \
    "sxtb16 " VALUES ", " VALUES ", ror #8\n\t"        \
    "sxtb16 " WEIGHTS ", " WEIGHTS ", ror #8\n\t"      \
    "smlad " ODD ", " VALUES ", " WEIGHTS ", " ODD "\n\t"

/* qmcu_channel_output of SUM, in place; lr has the shifts, r0 the rounding's 2 * zero point + 1. */
#define OUTPUT(SUM, MULTIPLIER, BYTE)                  \
    "uxtb r3, lr, ror #" BYTE "\n\t"                   \
    "lsls " SUM ", " SUM ", #1\n\t"                    \
    "smmulr " SUM ", " SUM ", " MULTIPLIER "\n\t"      \
    "lsl " MULTIPLIER ", r0, r3\n\t"                   \
    "add " SUM ", " SUM ", " SUM ", asr #31\n\t"       \
    "add " SUM ", " SUM ", " MULTIPLIER "\n\t"         \
    "asr " SUM ", " SUM ", r3\n\t"                     \
    "ssat " SUM ", #8, " SUM ", asr #1\n\t"

/* All channels of a pixel, whose taps, in pairs, are those from `taps` to `end`, `offset` bytes
   further. r3 the next tap's pointer, r4 to r7 sums, r12 filters; on the stack where the taps begin and
   channels left, then filters, output and rounding. 20 instructions for 8 products. */
__attribute__((naked)) static void pixel(const int8_t *const *taps, const int8_t *const *end,
                                         int32_t offset, int32_t depth, const int32_t *filters,
                                         int8_t *output, int32_t rounding)
{
    __asm("push {r0, r3-r11, lr}\n\t"
          "ldr r12, [sp, #44]\n"
          "1: ldm r12!, {r4-r7}\n\t"
          "ldr r3, [sp]\n"
          "2: ldm r3!, {r8, r9}\n\t"
          "ldr r8, [r8, r2]\n\t"
          "ldr r9, [r9, r2]\n\t"
          "ldrd r11, lr, [r12], #8\n\t"
          "pkhbt r10, r8, r9, lsl #16\n\t"
          "pkhtb r8, r9, r8, asr #16\n\t"
          PRODUCTS("r10", "r11", "r4", "r5")
          PRODUCTS("r8", "lr", "r6", "r7")
          "cmp r3, r1\n\t"
          "bne 2b\n\t"
          "adds r2, r2, #4\n\t"
          "ldm r12!, {r8-r11, lr}\n\t"
          "ldr r0, [sp, #52]\n\t"
          OUTPUT("r4", "r8", "0")
          OUTPUT("r5", "r9", "8")
          OUTPUT("r6", "r10", "16")
          OUTPUT("r7", "r11", "24")
          "ldr r8, [sp, #48]\n\t"
          "strb r4, [r8], #1\n\t"
          "strb r5, [r8], #1\n\t"
          "strb r6, [r8], #1\n\t"
          "strb r7, [r8], #1\n\t"
          "str r8, [sp, #48]\n\t"
          "ldr r8, [sp, #4]\n\t"
          "subs r8, r8, #4\n\t"
          "str r8, [sp, #4]\n\t"
          "bgt 1b\n\t"
          "pop {r0, r3-r11, pc}");
}

static inline void all_channels(const qmcu_depthwise_conv_2d_dsp_params *p,
                                const int8_t *const *taps, const int8_t *const *end,
                                int32_t offset, int8_t *output, const void *filters)
{
    const int32_t rounding = ((const qmcu_depthwise_bytes_dsp_params *)p)->rounding;
    pixel(taps, end, offset, p->depth, filters, output, rounding);
}

void qmcu_depthwise_bytes_dsp(const qmcu_depthwise_bytes_dsp_params *params, const int8_t *input,
                              const int32_t *filters, void *scratch, int8_t *output)
{
    layer(&params->shape, input, filters, scratch, output, all_channels);
}
