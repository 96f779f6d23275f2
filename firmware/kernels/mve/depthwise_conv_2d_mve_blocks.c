/* Depthwise convolution for MVE: 16 channels side by side, whose products of two taps are added as
   halfwords. The rows that a window spans are kept with their padding, of 16 channels each. */
#include "depthwise_conv_2d_mve_blocks.h"

#include "assembly_mve.h"
#include "mve.h"

#define BLOCK 16

typedef qmcu_depthwise_conv_2d_mve_blocks_params params_t;

/* A row of output pixels, 16 channels of each. */
typedef struct {
    const int8_t *const *taps; /* of the first window */
    const int8_t *weights;
    int32_t pairs; /* of taps */
    int32_t single;
    const int32_t *channels;
    int8_t *output;
    int32_t count;
    int32_t zero_point;
    int32_t depth;
    int32_t stride; /* bytes from window to window */
    int32_t live;   /* channels */
    int32_t unused;
    int8_t minimum[16];
    int8_t maximum[16];
} row_t;

QMCU_PLACE(row_t, channels, 16);
QMCU_PLACE(row_t, live, 40);
QMCU_PLACE(row_t, minimum, 48);
QMCU_PLACE(row_t, maximum, 64);

/* Products in q6, of even channels, and q7, of odd ones, added to the sums: q0 has channels 0, 4, 8, 12, q1
   2, 6, 10, 14, q2 1, 5, 9, 13, q3 3, 7, 11, 15. */
#define WIDEN                    \
    "vmovlb.s16 q4, q6\n\t"      \
    "vadd.i32 q0, q0, q4\n\t"    \
    "vmovlt.s16 q5, q6\n\t"      \
    "vadd.i32 q1, q1, q5\n\t"    \
    "vmovlb.s16 q4, q7\n\t"      \
    "vadd.i32 q2, q2, q4\n\t"    \
    "vmovlt.s16 q5, q7\n\t"      \
    "vadd.i32 q3, q3, q5\n\t"
/* VRSHL rounds ties up: one less for negative products rounds them away from zero. */
#define REQUANTIZE(SUMS, MULTIPLIERS, SHIFTS)        \
    "vldrw.u32 q4, [r7, #" MULTIPLIERS "]\n\t"       \
    "vqrdmulh.s32 " SUMS ", " SUMS ", q4\n\t"        \
    "vshr.s32 q5, " SUMS ", #31\n\t"                 \
    "vadd.i32 " SUMS ", " SUMS ", q5\n\t"            \
    "vldrw.u32 q4, [r7, #" SHIFTS "]\n\t"            \
    "vrshl.s32 " SUMS ", " SUMS ", q4\n\t"

/* r1 bytes from the first window, r2 taps, r3 weights, r6 pairs, r7 channels, r8 output, r9 pixels left,
   r10 zero point, r11 depth, r12 stride. Reading the second tap's weights twice is less than a sum in
   memory. */
static __attribute__((naked, noinline)) void multiply_row(__attribute__((unused)) const row_t *row)
{
    __asm("push {r4-r11, lr}\n\t"
          "vpush {d8-d15}\n\t"
          "ldr r6, [r0, #8]\n\t"
          "ldrd r7, r8, [r0, #16]\n\t"
          "ldrd r9, r10, [r0, #24]\n\t"
          "ldrd r11, r12, [r0, #32]\n\t"
          "ldr r1, [r0, #40]\n\t"
          "vctp.8 r1\n\t"
          "mov r1, #0\n"
          "1: ldrd r2, r3, [r0]\n\t"
          "vldrw.u32 q0, [r7]\n\t"
          "vldrw.u32 q1, [r7, #16]\n\t"
          "vldrw.u32 q2, [r7, #32]\n\t"
          "vldrw.u32 q3, [r7, #48]\n\t"
          "wls lr, r6, 3f\n"
          "2: ldrd r4, r5, [r2], #8\n\t"
          "add r4, r4, r1\n\t"
          "add r5, r5, r1\n\t"
          "vldrb.u8 q4, [r4]\n\t"
          "vldrb.u8 q5, [r3], #16\n\t"
          "vmullb.s8 q6, q4, q5\n\t"
          "vmullt.s8 q7, q4, q5\n\t"
          "vldrb.u8 q4, [r5]\n\t"
          "vldrb.u8 q5, [r3]\n\t"
          "vmullt.s8 q5, q4, q5\n\t"
          "vadd.i16 q7, q7, q5\n\t"
          "vldrb.u8 q5, [r3], #16\n\t"
          "vmullb.s8 q4, q4, q5\n\t"
          "vadd.i16 q6, q6, q4\n\t" WIDEN
          "le lr, 2b\n"
          "3: ldr r4, [r0, #12]\n\t"
          "cbz r4, 4f\n\t"
          "ldr r4, [r2]\n\t"
          "add r4, r4, r1\n\t"
          "vldrb.u8 q4, [r4]\n\t"
          "vldrb.u8 q5, [r3]\n\t"
          "vmullb.s8 q6, q4, q5\n\t"
          "vmullt.s8 q7, q4, q5\n\t" WIDEN
          "4: " REQUANTIZE("q0", "64", "128") REQUANTIZE("q1", "80", "144")
          REQUANTIZE("q2", "96", "160") REQUANTIZE("q3", "112", "176")
          "vqmovnb.s32 q4, q0\n\t"
          "vqmovnt.s32 q4, q1\n\t"
          "vqmovnb.s32 q5, q2\n\t"
          "vqmovnt.s32 q5, q3\n\t"
          "vqadd.s16 q4, q4, r10\n\t"
          "vqadd.s16 q5, q5, r10\n\t"
          "vqmovnb.s16 q0, q4\n\t"
          "vqmovnt.s16 q0, q5\n\t"
          "vldrw.u32 q6, [r0, #48]\n\t"
          "vldrw.u32 q7, [r0, #64]\n\t"
          "vmax.s8 q0, q0, q6\n\t"
          "vmin.s8 q0, q0, q7\n\t"
          "vpst\n\t"
          "vstrbt.8 q0, [r8]\n\t"
          "add r8, r8, r11\n\t"
          "add r1, r1, r12\n\t"
          "subs r9, r9, #1\n\t"
          "bne.w 1b\n\t"
          "vpop {d8-d15}\n\t"
          "pop {r4-r11, pc}");
}

static void fill(int8_t *to, int32_t value, int32_t vectors)
{
    const int8x16_t values = vdupq_n_s8((int8_t)value);
    for (; vectors > 0; vectors--, to += BLOCK) {
        vstrbq_s8(to, values);
    }
}

/* 16 channels of each pixel; of channels that are not live whatever lies there. */
static void copy_pixels(int8_t *to, const int8_t *from, int32_t pixels, int32_t depth, int32_t live)
{
    const mve_pred16_t lanes = vctp8q((uint32_t)live);
    if (live < BLOCK) {
        for (; pixels > 0; pixels--, to += BLOCK, from += depth) {
            vstrbq_s8(to, vldrbq_z_s8(from, lanes));
        }
        return;
    }
    for (; pixels > 0; pixels--, to += BLOCK, from += depth) {
        vstrbq_s8(to, vldrbq_s8(from));
    }
}

/* Input row y with its padding, where a window's rows go around. */
static void load_row(const params_t *p, const int8_t *image, int32_t y, int32_t live, int8_t *rows)
{
    const int32_t left = p->window.padding_left, room = p->plane_width - left;
    const int32_t width = room < p->window.input_width ? room : p->window.input_width;
    int8_t *const row = rows + (y + p->window.padding_top) % p->span * BLOCK * p->plane_width;
    if (y < 0 || y >= p->window.input_height) {
        fill(row, p->input_zero_point, p->plane_width);
        return;
    }
    fill(row, p->input_zero_point, left);
    copy_pixels(row + BLOCK * left,
                image + y * p->window.input_width * p->window.input_depth, width,
                p->window.input_depth, live);
    fill(row + BLOCK * (left + width), p->input_zero_point, room - width);
}

/* Where the taps of a row's first window are, from input row y on. */
static void set_taps(const params_t *p, int32_t y, const int8_t *rows, const int8_t **taps)
{
    for (int32_t i = 0; i < p->window.kernel_height; i++) {
        const int32_t at = (y + i * p->window.dilation_height + p->window.padding_top) % p->span;
        const int8_t *tap = rows + at * BLOCK * p->plane_width;
        for (int32_t j = 0; j < p->window.kernel_width; j++) {
            *taps++ = tap;
            tap += BLOCK * p->window.dilation_width;
        }
    }
}

static void convolve_block(const params_t *p, row_t *row, const int8_t *image, int8_t *rows,
                           const int8_t **taps)
{
    int32_t loaded = -p->window.padding_top;
    for (int32_t i = 0; i < p->window.output_height; i++) {
        const int32_t y = i * p->window.stride_height - p->window.padding_top;
        loaded = loaded < y ? y : loaded;
        for (; loaded < y + p->span; loaded++) {
            load_row(p, image, loaded, row->live, rows);
        }
        set_taps(p, y, rows, taps);
        multiply_row(row);
        row->output += p->window.output_width * row->depth;
    }
}

void qmcu_depthwise_conv_2d_mve_blocks(const params_t *p, const int8_t *input,
                                       const int8_t *weights, const int32_t *channels,
                                       void *scratch, int8_t *output)
{
    const int32_t depth = p->window.input_depth;
    const int32_t count = p->window.kernel_height * p->window.kernel_width;
    const int8_t **const taps = scratch;
    int8_t *const rows = (int8_t *)(taps + count);
    row_t row = {.taps = taps,
                 .pairs = count / 2,
                 .single = count % 2,
                 .count = p->window.output_width,
                 .zero_point = p->output_zero_point,
                 .depth = depth,
                 .stride = BLOCK * p->window.stride_width};

    qmcu_mve_fill(row.minimum, p->activation_minimum, BLOCK);
    qmcu_mve_fill(row.maximum, p->activation_maximum, BLOCK);
    for (int32_t batch = 0; batch < p->window.batches; batch++) {
        row.weights = weights;
        row.channels = channels;
        for (int32_t channel = 0; channel < depth; channel += BLOCK) {
            row.live = depth - channel < BLOCK ? depth - channel : BLOCK;
            row.output = output + channel;
            convolve_block(p, &row, input + channel, rows, taps);
            row.weights += count * BLOCK;
            row.channels += 3 * BLOCK;
        }
        input += p->window.input_height * p->window.input_width * depth;
        output += p->window.output_height * p->window.output_width * depth;
    }
}
