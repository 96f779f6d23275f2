/* Convolution with windows 3 wide, stride 1 across, by Winograd's F(4, 3) along rows in integers: 6
   products a row of the window for 4 outputs instead of 12, and the products of all its rows and
   channels add up before anything is transformed back. With rows scaled so that G, B and A are
   integers the result is 24 times the sum, mod 2^32. 24 is 8 * 3 and 3 has an inverse mod 2^32,
   hence 8 * sum is exact while |sum| < 2^28. Weights stay within 12 * 128, values within 8 * 255:
   both are halfwords. Values are input + 128 (not negative), the zero point's share is in the bias.
   Unlike F(4x4, 3x3) it has no tiles of rows: any rows of an image can be computed by themselves. */
#include "small.h"

#include "conv_2d_winograd_rows_dsp.h"

#include "copy_dsp.h"
#include "dsp.h"

#define PIXELS 6

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
/* r4 to r9 are d0 to d5, each two halfwords; B^T d goes to r2 with distance r3. */
#define TRANSFORM_AND_STORE           \
    "lsls r4, r4, #2\n\t"             \
    "lsl r10, r6, #2\n\t"             \
    "lsl r11, r5, #2\n\t"             \
    "lsl r12, r7, #2\n\t"             \
    "ssub16 r10, r8, r10\n\t"         \
    "sadd16 r4, r4, r10\n\t"          \
    "ssub16 r4, r4, r6\n\t"           \
    "ssub16 r9, r9, r7\n\t"           \
    "sadd16 r9, r9, r11\n\t"          \
    "ssub16 r9, r9, r12\n\t"          \
    "ssub16 r11, r7, r11\n\t"         \
    "ssub16 r8, r8, r6\n\t"           \
    "ssub16 r7, r7, r5\n\t"           \
    "sadd16 r7, r7, r7\n\t"           \
    "sadd16 r5, r10, r11\n\t"         \
    "ssub16 r6, r10, r11\n\t"         \
    "sadd16 r10, r8, r7\n\t"          \
    "ssub16 r11, r8, r7\n\t"          \
    "add r12, r2, r3\n\t"             \
    "str r6, [r2, r3, lsl #1]\n\t"    \
    "str r11, [r2, r3, lsl #2]\n\t"   \
    "str r4, [r2], #4\n\t"            \
    "str r5, [r12]\n\t"               \
    "str r10, [r12, r3, lsl #1]\n\t"  \
    "str r9, [r12, r3, lsl #2]\n\t"

/* Six pixels, depth bytes apart, 4 channels at a time. to: position 0; position: (negative) bytes from
   one position to the next. */
__attribute__((naked)) static void transform_pixels(const int8_t *pixels, int32_t depth,
                                                    uint32_t *to, int32_t position, int32_t words)
{
    __asm("push {r4-r11, lr}\n\t"
          "ldr lr, [sp, #36]\n"
          "1: add r10, r0, r1\n\t"
          "ldr r5, [r0, r1]\n\t"
          "ldr r6, [r0, r1, lsl #1]\n\t"
          "ldr r8, [r0, r1, lsl #2]\n\t"
          "ldr r7, [r10, r1, lsl #1]\n\t"
          "ldr r9, [r10, r1, lsl #2]\n\t"
          "ldr r4, [r0], #4\n\t"
          "eor r5, r5, #0x80808080\n\t"
          "eor r6, r6, #0x80808080\n\t"
          "eor r7, r7, #0x80808080\n\t"
          "eor r8, r8, #0x80808080\n\t"
          "eor r9, r9, #0x80808080\n\t"
          "eor r4, r4, #0x80808080\n\t"
          "push {r4-r9}\n\t"
          "uxtb16 r4, r4\n\t"
          "uxtb16 r5, r5\n\t"
          "uxtb16 r6, r6\n\t"
          "uxtb16 r7, r7\n\t"
          "uxtb16 r8, r8\n\t"
          "uxtb16 r9, r9\n\t" TRANSFORM_AND_STORE "pop {r4-r9}\n\t"
          "uxtb16 r4, r4, ror #8\n\t"
          "uxtb16 r5, r5, ror #8\n\t"
          "uxtb16 r6, r6, ror #8\n\t"
          "uxtb16 r7, r7, ror #8\n\t"
          "uxtb16 r8, r8, ror #8\n\t"
          "uxtb16 r9, r9, ror #8\n\t" TRANSFORM_AND_STORE "subs lr, lr, #1\n\t"
          "bne 1b\n\t"
          "pop {r4-r11, pc}");
}
#pragma GCC diagnostic pop

/* Lies in scratch, where it counts during this layer alone; the stack counts always. */
typedef struct {
    const qmcu_conv_2d_winograd_rows_dsp_params *p;
    const int8_t *image;
    const int16_t *weights;
    const qmcu_winograd_filter *filters;
    uint32_t *end; /* of the values, where `border` begins */
    int32_t words; /* of a row of a position */
    int32_t span;  /* rows whose values there is room for */
    int32_t count; /* rows of the output that they are for */
    int32_t column;
    int8_t *output; /* of the first row, at its start */
    int8_t *to;     /* of the pixels and filters that come next */
    qmcu_winograd_row row;
    int8_t part[16];
} work;

/* Six pixels of the row y from x on, where they are or, if some lie outside the image, in `border`. */
static inline const int8_t *six_pixels(const work *w, int32_t y, int32_t x)
{
    const qmcu_conv_2d_winograd_rows_dsp_params *const p = w->p;
    const int32_t depth = p->input_depth, inside = y >= 0 && y < p->input_height;
    const int8_t *pixels = w->image + (y * p->input_width + x) * depth;
    if (inside && x >= 0 && x + PIXELS <= p->input_width) {
        return pixels;
    }
    int8_t *border = (int8_t *)w->end;
    for (int32_t i = 0; i < PIXELS; ++i, ++x) {
        if (inside && x >= 0 && x < w->p->input_width) {
            qmcu_copy_bytes(border, pixels, depth);
        } else {
            qmcu_fill_bytes(border, w->p->input_zero_point, depth);
        }
        border += depth;
        pixels += depth;
    }
    return (const int8_t *)w->end;
}

/* The values of all rows of `count` rows of windows, from row y on. */
static __attribute__((noinline)) void lay_out(const work *w, int32_t y)
{
    uint32_t *to = w->end - w->span * w->words;
    int32_t left = w->p->kernel_height + (w->count - 1) * w->p->stride_height;
    do {
        const int8_t *const pixels = six_pixels(w, y++, w->column - w->p->padding_left);
        transform_pixels(pixels, w->p->input_depth, to, -4 * w->span * w->words,
                         w->p->input_depth / 4);
        to += w->words;
    } while (--left);
}

/* What belongs to the output of the four pixels and four filters, from filter `first` on, in part. */
static __attribute__((noinline)) void copy_part(const work *w, int32_t first)
{
    for (int32_t i = 0; i < 4 && w->column + i < w->p->output_width; ++i) {
        for (int32_t k = 0; k < 4 && first + k < w->p->output_depth; ++k) {
            w->to[i * w->p->output_depth + k] = w->part[4 * i + k];
        }
    }
}

/* All filters of four pixels of a row, whose values begin `at` so many words in each position. */
static inline void multiply_row(work *w, int32_t at)
{
    const int16_t *weights = w->weights;
    w->row.end = w->end + at;
    w->row.filters = w->filters;
    for (int32_t first = 0; first < w->p->output_depth; first += 4) {
        w->row.output = w->to;
        w->row.step = w->p->output_depth;
        if (first + 4 > w->p->output_depth || w->column + 4 > w->p->output_width) {
            w->row.output = w->part;
            w->row.step = 4;
        }
        qmcu_winograd_rows_multiply_dsp(
            w->end - QMCU_WINOGRAD_ROW_POSITIONS * w->span * w->words + at, weights, &w->row);
        if (w->row.output == w->part) {
            copy_part(w, first);
        }
        w->row.filters += 4;
        w->to += 4;
        weights += 4 * QMCU_WINOGRAD_ROW_POSITIONS * (w->row.segment / 2);
    }
}

/* `count` rows of windows, from row y of the image on. */
static inline void multiply_rows(work *w, int32_t y)
{
    for (w->column = 0; w->column < w->p->output_width; w->column += 4) {
        lay_out(w, y);
        for (int32_t i = 0; i < w->count; ++i) {
            w->to = w->output + (i * w->p->output_width + w->column) * w->p->output_depth;
            multiply_row(w, i * w->p->stride_height * w->words);
        }
    }
}

void qmcu_conv_2d_winograd_rows_dsp(const qmcu_conv_2d_winograd_rows_dsp_params *p,
                                    const int8_t *input, const int16_t *weights,
                                    const int32_t *filters, void *scratch, int8_t *output)
{
    work *const w = scratch;
    w->p = p;
    w->image = input;
    w->weights = weights;
    w->filters = (const qmcu_winograd_filter *)filters;
    w->output = output;
    w->words = (p->input_depth + 7) / 8 * 4;
    w->span = p->kernel_height + (p->together - 1) * p->stride_height;
    w->end = (uint32_t *)(w + 1) + QMCU_WINOGRAD_ROW_POSITIONS * w->span * w->words;
    const int32_t steps = p->kernel_height * w->words / 4 - 1; /* behind the first one */
    w->row.skipped = QMCU_WINOGRAD_STEP_CODE *
                     (steps ? -steps & (QMCU_WINOGRAD_ROW_STEPS - 1) : QMCU_WINOGRAD_ROW_STEPS);
    w->row.segment = 4 * p->kernel_height * w->words;
    w->row.gap = 4 * w->span * w->words - w->row.segment;
    for (int32_t batch = 0; batch < w->p->batches; ++batch) {
        for (int32_t row = 0; row < w->p->output_height; row += w->count) {
            const int32_t left = w->p->output_height - row;
            w->count = left < w->p->together ? left : w->p->together;
            multiply_rows(w, row * w->p->stride_height - w->p->padding_top);
            w->output += w->count * w->p->output_width * w->p->output_depth;
        }
        w->image += w->p->input_height * w->p->input_width * w->p->input_depth;
    }
}
