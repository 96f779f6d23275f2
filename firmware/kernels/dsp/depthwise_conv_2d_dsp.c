/* depthwise_conv_2d for the DSP extension: four channels and two taps at a time. The rows that a
   window needs are in a ring, with their padding, so that no tap asks where it is; where no window
   leaves the image, they are where they are. */
#include "depthwise_conv_2d_dsp.h"

#include "copy_dsp.h"
#include "dsp.h"
#include "output_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Row `y` of the image with its padding; outside the image it is the input zero point. */
static void load_row(const qmcu_depthwise_conv_2d_dsp_params *p, const int8_t *image, int32_t y,
                     int8_t *row)
{
    if (y < 0 || y >= p->input_height) {
        qmcu_fill_bytes(row, p->input_zero_point, p->row_width * p->depth);
        return;
    }
    const int32_t room = p->row_width - p->padding_left;
    const int32_t width = room < p->input_width ? room : p->input_width;
    qmcu_fill_bytes(row, p->input_zero_point, p->padding_left * p->depth);
    row += p->padding_left * p->depth;
    qmcu_copy_bytes(row, image + y * p->input_width * p->depth, width * p->depth);
    qmcu_fill_bytes(row + width * p->depth, p->input_zero_point, (room - width) * p->depth);
}

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

/* Pointers to the taps of the row's first window, filled up to pairs with the last. Of `rows`, which
   have row_size bytes, the window's first is at `top`, and behind the last one, the kernel's height
   further, is the first one again. */
static int32_t list_taps(const qmcu_depthwise_conv_2d_dsp_params *p, const int8_t *rows,
                         int32_t row_size, int32_t top, const int8_t **taps)
{
    int32_t count = 0;
    const int8_t *from = rows + top * row_size;
    for (int32_t row = p->kernel_height; row > 0; --row) {
        for (int32_t column = 0; column < p->kernel_width; ++column) {
            taps[count++] = from + column * p->depth;
        }
        from += row_size;
        if (++top == p->kernel_height) {
            from = rows;
        }
    }
    if (count % 2 != 0) {
        taps[count] = taps[count - 1];
        ++count;
    }
    return count;
}

void qmcu_depthwise_conv_2d_dsp(const qmcu_depthwise_conv_2d_dsp_params *params,
                                const int8_t *input, const int16_t *weights,
                                const int32_t *channels, void *scratch, int8_t *output)
{
    const qmcu_depthwise_conv_2d_dsp_params *const p = params;
    const uint32_t *const pairs = (const uint32_t *)(const void *)weights;
    const qmcu_channel *const channel = (const qmcu_channel *)channels;
    const int32_t row_size = (p->row_width ? p->row_width : p->input_width) * p->depth;
    const int32_t is_3x3 = p->kernel_height == 3 && p->kernel_width == 3;
    const int8_t *taps[QMCU_DEPTHWISE_TAPS];
    int8_t *const ring = scratch;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        /* Rows are counted from the padding above the image. */
        int32_t loaded = 0;
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int32_t top = row * p->stride_height;
            int32_t count;
            if (!p->row_width) {
                count = list_taps(p, input + top * row_size, row_size, 0, taps);
            } else {
                loaded = loaded < top ? top : loaded;
                for (; loaded < top + p->kernel_height; ++loaded) {
                    load_row(p, input, loaded - p->padding_top,
                             ring + loaded % p->kernel_height * row_size);
                }
                count = list_taps(p, ring, row_size, top % p->kernel_height, taps);
            }
            const int8_t *const rows[3] = {taps[0], taps[is_3x3 ? 3 : 0], taps[is_3x3 ? 6 : 0]};
            for (int32_t column = 0; column < p->output_width; ++column) {
                const int32_t offset = column * p->stride_width * p->depth;
                if (is_3x3) {
                    pixel_3x3(rows[0] + offset, rows[1] + offset, rows[2] + offset, p->depth, pairs,
                              channel, output);
                } else {
                    pixel(taps, taps + count, offset, p->depth, pairs, channel, output);
                }
                output += p->depth;
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}
