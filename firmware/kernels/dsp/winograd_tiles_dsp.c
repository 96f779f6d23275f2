/* The values of Winograd's tiles, B^T d B with integers: within 68 * 255 = 17340, halfwords. Two channels
   go in one word as the integer low + 65536 * high, on which add, subtract and shift work as they are;
   only at the end is the borrow taken out of the upper half. Values are input + 128 (not negative). */
#include "small.h"

#include "winograd_tiles_dsp.h"

#include "dsp.h"

/* Where the 6 values of a column go: distances from row to row and from one pair of channels to the
 * next. */
typedef struct {
    uint32_t *to;
    int32_t row;
    int32_t pair;
} column_target;

#define FLIP 0x80808080u

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
/* r4 to r9 are d0 to d5; B^T d is r4, r5, r6, r7, r10, r9, and goes to r2 with distance r12. */
#define TRANSFORM                 \
    "sub r10, r8, r6, lsl #2\n\t" \
    "sub r11, r7, r5, lsl #2\n\t" \
    "subs r4, r4, r6\n\t"         \
    "sub r9, r9, r7\n\t"          \
    "sub r8, r8, r6\n\t"          \
    "subs r7, r7, r5\n\t"         \
    "add r4, r8, r4, lsl #2\n\t"  \
    "sub r9, r9, r7, lsl #2\n\t"  \
    "add r5, r10, r11\n\t"        \
    "sub r6, r10, r11\n\t"        \
    "sub r10, r8, r7, lsl #1\n\t" \
    "add r7, r8, r7, lsl #1\n\t"
#define TRANSFORM_AND_STORE           \
    TRANSFORM                         \
    "add r11, r2, r12, lsl #1\n\t"    \
    "str r4, [r2]\n\t"                \
    "str r5, [r2, r12]\n\t"           \
    "str r6, [r11]\n\t"               \
    "str r7, [r11, r12]\n\t"          \
    "str r10, [r11, r12, lsl #1]\n\t" \
    "add r11, r11, r12\n\t"           \
    "str r9, [r11, r12, lsl #1]\n\t"

/* transform_column inside the image; distances in bytes. */
__attribute__((naked)) static void transform_column_inside(const int8_t *below, uint8_t *above,
                                                           uint32_t *to, int32_t row_bytes,
                                                           int32_t row, int32_t pair, int32_t words)
{
    __asm("push {r4-r11, lr}\n\t"
          "ldr r12, [sp, #36]\n\t"
          "ldr lr, [sp, #44]\n"
          "1: add r10, r0, r3\n\t"
          "ldr r4, [r1]\n\t"
          "ldr r6, [r0, r3]\n\t"
          "ldr r7, [r0, r3, lsl #1]\n\t"
          "ldr r8, [r10, r3, lsl #1]\n\t"
          "ldr r9, [r0, r3, lsl #2]\n\t"
          "ldr r5, [r0], #4\n\t"
          "eor r8, r8, #0x80808080\n\t"
          "str r8, [r1], #4\n\t"
          "eor r5, r5, #0x80808080\n\t"
          "eor r6, r6, #0x80808080\n\t"
          "eor r7, r7, #0x80808080\n\t"
          "eor r9, r9, #0x80808080\n\t"
          "push {r4-r9}\n\t"
          "uxtb16 r4, r4\n\t"
          "uxtb16 r5, r5\n\t"
          "uxtb16 r6, r6\n\t"
          "uxtb16 r7, r7\n\t"
          "uxtb16 r8, r8\n\t"
          "uxtb16 r9, r9\n\t" TRANSFORM_AND_STORE "pop {r4-r9}\n\t"
          "ldr r10, [sp, #40]\n\t"
          "add r2, r2, r10\n\t"
          "uxtb16 r4, r4, ror #8\n\t"
          "uxtb16 r5, r5, ror #8\n\t"
          "uxtb16 r6, r6, ror #8\n\t"
          "uxtb16 r7, r7, ror #8\n\t"
          "uxtb16 r8, r8, ror #8\n\t"
          "uxtb16 r9, r9, ror #8\n\t" TRANSFORM_AND_STORE "ldr r10, [sp, #40]\n\t"
          "add r2, r2, r10\n\t"
          "subs lr, lr, #1\n\t"
          "bne 1b\n\t"
          "pop {r4-r11, pc}");
}
#define WITHOUT_BORROW(V)          \
    "add r8, " V ", #0x8000\n\t" \
    "pkhbt " V ", " V ", r8\n\t"

/* `pairs` pairs of channels, `pair` bytes apart: the first two columns come from `kept`, where the last
   two go for the next tile. position: (negative) bytes from one position to the next. */
__attribute__((naked)) static void transform_rows(uint32_t *first, int32_t position, uint32_t *kept,
                                                  int32_t pairs, int32_t pair)
{
    __asm("push {r4-r11, lr}\n"
          "1: add lr, r2, #48\n"
          "2: ldrd r4, r5, [r2]\n\t"
          "add r12, r0, r1\n\t"
          "ldr r6, [r0, r1, lsl #1]\n\t"
          "ldr r7, [r12, r1, lsl #1]\n\t"
          "ldr r8, [r0, r1, lsl #2]\n\t"
          "ldr r9, [r12, r1, lsl #2]\n\t"
          "strd r8, r9, [r2], #8\n\t" TRANSFORM
              WITHOUT_BORROW("r4") WITHOUT_BORROW("r5") WITHOUT_BORROW("r6")
              WITHOUT_BORROW("r7") WITHOUT_BORROW("r10") WITHOUT_BORROW("r9")
          "str r4, [r0]\n\t"
          "str r5, [r12]\n\t"
          "str r6, [r0, r1, lsl #1]\n\t"
          "str r7, [r12, r1, lsl #1]\n\t"
          "str r10, [r0, r1, lsl #2]\n\t"
          "str r9, [r12, r1, lsl #2]\n\t"
          "add r0, r12, r1, lsl #2\n\t"
          "add r0, r0, r1\n\t"
          "cmp r2, lr\n\t"
          "bne 2b\n\t"
          "ldr r4, [sp, #36]\n\t"
          "sub r0, r0, r1, lsl #5\n\t"
          "sub r0, r0, r1, lsl #2\n\t"
          "add r0, r0, r4\n\t"
          "subs r3, r3, #1\n\t"
          "bne 1b\n\t"
          "pop {r4-r11, pc}");
}
#pragma GCC diagnostic pop

/* The column of pixels at x, transformed downwards. */
static void transform_column(const qmcu_winograd_tiles *t, int32_t x, column_target target)
{
    const int32_t depth = t->image->input_depth, row_bytes = t->image->input_width * depth;
    uint8_t *above = t->above + 4 * t->words * x;
    const int8_t *from = t->below + x * depth;
    int32_t left = t->words;
    const int32_t inside = x >= 0 && x < t->image->input_width;
    const int32_t rows = inside ? t->inside : 0;
    if (rows >= 5) {
        transform_column_inside(from, above, target.to, row_bytes, 4 * target.row, 4 * target.pair,
                                left);
        return;
    }
    do {
        uint32_t d[6] = {t->zero};
        const int8_t *below = from;
        for (int32_t row = 1; row < 6; ++row, below += row_bytes) {
            d[row] = row <= rows ? qmcu_load_word(below) : t->zero ^ FLIP;
        }
        transform_column_inside((const int8_t *)(d + 1), inside ? above : (uint8_t *)d, target.to, 4,
                                4 * target.row, 4 * target.pair, 1);
        above += 4;
        from += 4;
        target.to += 2 * target.pair;
    } while (--left);
}

/* The row above the tiles, which is the image's first one where nothing is padded. */
static void keep_row(const qmcu_winograd_tiles *t)
{
    const int8_t *from = t->input;
    uint8_t *above = t->above;
    for (int32_t x = t->image->input_width; x > 0; --x) {
        for (int32_t word = 0; word < t->words; ++word) {
            qmcu_store_word(above, t->image->padding_top ? t->zero
                                                         : qmcu_load_word(from + 4 * word) ^ FLIP);
            above += 4;
        }
        from += t->image->input_depth;
    }
}

void qmcu_winograd_begin_dsp(qmcu_winograd_tiles *t, const qmcu_winograd_image *image,
                             const int8_t *input, uint32_t *scratch)
{
    t->image = image;
    t->input = input;
    t->words = (image->input_depth + 3) / 4;
    t->kept = scratch;
    t->above = (uint8_t *)(scratch + 24 * t->words);
    t->zero = (uint32_t)(image->input_zero_point + 128) * 0x01010101u;
    t->row = 0;
    t->column = 0;
    keep_row(t);
}

void qmcu_winograd_tile_dsp(qmcu_winograd_tiles *t, uint32_t *first, int32_t position, int32_t pair)
{
    int32_t x = t->column - t->image->padding_left;
    if (t->column == 0) {
        const int32_t y = t->row - t->image->padding_top + 1;
        t->below = t->input + y * t->image->input_width * t->image->input_depth;
        t->inside = t->image->input_height - y;
    }
    for (int32_t i = t->column == 0 ? 0 : 2; i < 6; ++i) {
        column_target target = {first + i * position, 6 * position, pair};
        if (i < 2) {
            target = (column_target){t->kept + i, 2, 12};
        }
        transform_column(t, x + i, target);
    }
    transform_rows(first, 4 * position, t->kept, 2 * t->words, 4 * pair);
    t->column += 4;
    if (t->column >= t->image->output_width) {
        t->column = 0;
        t->row += 4;
    }
}
