/* 3x3 convolution, stride 1, by Winograd's F(4x4, 3x3) in integers: 36 products for 16 outputs
   instead of 144. With rows scaled so that G, B and A are integers the result is 576 = 24 * 24
   times the sum, mod 2^32. 576 is 64 * 9 and 9 has an inverse mod 2^32, hence 64 * sum is exact
   while |sum| < 2^25. Weights stay within 144 * 127 = 18288, values within 68 * 255 = 17340: both
   are halfwords. Two channels go in one word as the integer low + 65536 * high, on which add,
   subtract and shift work as they are; only at the end is the borrow taken out of the upper half.
   Values are input + 128 (not negative), the zero point's share is in the bias. */
#include "conv_3x3_winograd_dsp.h"

#include "dsp.h"

/* low + 65536 * high as two signed halfwords */
static inline uint32_t without_borrow(uint32_t a)
{
    uint32_t r;
    __asm("pkhbt %0, %1, %2" : "=r"(r) : "r"(a), "r"(a + 0x8000u));
    return r;
}

typedef struct {
    uint32_t v0, v1, v2, v3, v4, v5;
} six;

/* B^T d */
static inline six transform(uint32_t d0, uint32_t d1, uint32_t d2, uint32_t d3, uint32_t d4,
                            uint32_t d5)
{
    const uint32_t a = d4 - (d2 << 2), b = d3 - (d1 << 2), c = d4 - d2, d = d3 - d1;
    six r;
    r.v0 = c + ((d0 - d2) << 2);
    r.v1 = a + b;
    r.v2 = a - b;
    r.v3 = c + (d << 1);
    r.v4 = c - (d << 1);
    r.v5 = (d5 - d3) - (d << 2);
    return r;
}

/* A tile row. y is the input row above it (below the padding), which is kept in `above`, since an
   output row may have replaced it: input + 128, 4 * words bytes for each pixel. */
typedef struct {
    const qmcu_conv_3x3_winograd_dsp_params *p;
    const int8_t *below; /* the input row y + 1 */
    uint8_t *above;
    int32_t rows;  /* of the 5 rows below those inside the image */
    int32_t words; /* of 4 channels */
    uint32_t zero; /* 4 times the zero point + 128 */
} tile_row;

/* Where the 6 values of a column go: distances from row to row and from one pair of channels to the
 * next. */
typedef struct {
    uint32_t *to;
    int32_t row;
    int32_t pair;
} column_target;

static void store_column(uint32_t *to, int32_t row, const six r)
{
    *to = r.v0;
    *(to += row) = r.v1;
    *(to += row) = r.v2;
    *(to += row) = r.v3;
    *(to += row) = r.v4;
    *(to += row) = r.v5;
}

#define FLIP 0x80808080u

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
/* r4 to r9 are d0 to d5; B^T d goes to r2 with distance r12. */
#define TRANSFORM_AND_STORE           \
    "sub r10, r8, r6, lsl #2\n\t"     \
    "sub r11, r7, r5, lsl #2\n\t"     \
    "subs r4, r4, r6\n\t"             \
    "sub r9, r9, r7\n\t"              \
    "sub r8, r8, r6\n\t"              \
    "subs r7, r7, r5\n\t"             \
    "add r4, r8, r4, lsl #2\n\t"      \
    "sub r9, r9, r7, lsl #2\n\t"      \
    "add r5, r10, r11\n\t"            \
    "sub r6, r10, r11\n\t"            \
    "sub r10, r8, r7, lsl #1\n\t"     \
    "add r7, r8, r7, lsl #1\n\t"      \
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
#pragma GCC diagnostic pop

/* The column of pixels at x, transformed downwards. */
static void transform_column(const tile_row *t, int32_t x, column_target target)
{
    const int32_t depth = t->p->input_depth, row_bytes = t->p->input_width * depth;
    uint8_t *above = t->above + 4 * t->words * x;
    const int8_t *from = t->below + x * depth;
    int32_t left = t->words;
    const int32_t inside = x >= 0 && x < t->p->input_width;
    const int32_t rows = inside ? t->rows : 0;
    if (rows >= 5) {
        transform_column_inside(from, above, target.to, row_bytes, 4 * target.row, 4 * target.pair,
                                left);
        return;
    }
    do {
        uint32_t d[6];
        for (int32_t row = 0; row < 6; ++row) {
            d[row] = row > 0 && row <= rows ? qmcu_load_word(from + (row - 1) * row_bytes) ^ FLIP
                                            : t->zero;
        }
        if (inside) {
            d[0] = qmcu_load_word(above);
            qmcu_store_word(above, d[4]);
        }
        above += 4;
        from += 4;
        store_column(target.to, target.row,
                     transform(qmcu_uxtb16(d[0]), qmcu_uxtb16(d[1]), qmcu_uxtb16(d[2]),
                               qmcu_uxtb16(d[3]), qmcu_uxtb16(d[4]), qmcu_uxtb16(d[5])));
        target.to += target.pair;
        store_column(target.to, target.row,
                     transform(qmcu_uxtb16_odd(d[0]), qmcu_uxtb16_odd(d[1]), qmcu_uxtb16_odd(d[2]),
                               qmcu_uxtb16_odd(d[3]), qmcu_uxtb16_odd(d[4]),
                               qmcu_uxtb16_odd(d[5])));
        target.to += target.pair;
    } while (--left);
}

/* One pair of channels: the first two columns come from `kept`, where the last two go for the next
   tile. first: position 0, position: (negative) distance from one to the next. */
static void transform_rows(uint32_t *first, int32_t position, uint32_t *kept)
{
    const uint32_t *const end = kept + 12;
    do {
        uint32_t *const v2 = first + 2 * position, *const v4 = first + 4 * position;
        const uint32_t d0 = kept[0], d1 = kept[1], d4 = v4[0], d5 = v4[position];
        const six r = transform(d0, d1, v2[0], v2[position], d4, d5);
        kept[0] = d4;
        kept[1] = d5;
        kept += 2;
        *first = without_borrow(r.v0);
        *(first += position) = without_borrow(r.v1);
        *(first += position) = without_borrow(r.v2);
        *(first += position) = without_borrow(r.v3);
        *(first += position) = without_borrow(r.v4);
        *(first += position) = without_borrow(r.v5);
        first += position;
    } while (kept != end);
}

/* All filters of a tile with so many rows and columns; if they are fewer than 4, or a filter is
 * missing, through `part`. */
static void multiply_tile(const qmcu_conv_3x3_winograd_dsp_params *p, const uint32_t *values,
                          const uint32_t *values_end, const int16_t *weights,
                          const qmcu_winograd_filter *filters, int8_t *output, int32_t rows,
                          int32_t columns)
{
    int8_t part[4][16];
    qmcu_winograd_slot slots[4];
    const int32_t depth = p->output_depth, row_bytes = p->output_width * depth;
    const int32_t steps = (int32_t)(values_end - values) / (4 * QMCU_WINOGRAD_POSITIONS);
    const int32_t skipped = QMCU_WINOGRAD_STEP_CODE * (QMCU_WINOGRAD_MAX_STEPS - steps);
    const int32_t whole = rows >= 4 && columns >= 4;
    for (int32_t left = depth; left > 0; left -= 4) {
        for (int32_t i = 0; i < 4; ++i) {
            qmcu_winograd_slot *const slot = slots + i;
            slot->filter = filters++;
            if (whole && i < left) {
                slot->output = output + i;
                slot->depth = depth;
                slot->next_row = row_bytes - depth;
            } else {
                slot->output = part[i];
                slot->depth = 1;
                slot->next_row = 3;
            }
        }
        qmcu_winograd_multiply_dsp(values, weights, values_end, skipped, slots);
        for (int32_t i = 0; i < left && i < 4 && !whole; ++i) {
            for (int32_t k = 0; k < 16; ++k) {
                if ((k >> 2) < rows && (k & 3) < columns) {
                    output[(k >> 2) * row_bytes + (k & 3) * depth + i] = part[i][k];
                }
            }
        }
        weights += 8 * (values_end - values);
        output += 4;
    }
}

/* The row y as the row above a tile row. */
static void keep_row(const tile_row *t, const int8_t *image, int32_t y)
{
    const int32_t depth = t->p->input_depth;
    for (int32_t x = 0; x < t->p->input_width; ++x) {
        for (int32_t word = 0; word < t->words; ++word) {
            qmcu_store_word(
                t->above + 4 * (t->words * x + word),
                y < 0 ? t->zero
                      : qmcu_load_word(image + (y * t->p->input_width + x) * depth + 4 * word) ^
                            FLIP);
        }
    }
}

void qmcu_conv_3x3_winograd_dsp(const qmcu_conv_3x3_winograd_dsp_params *p, const int8_t *input,
                                const int16_t *weights, const int32_t *filters, void *scratch,
                                int8_t *output)
{
    const int32_t words = (p->input_depth + 3) / 4;
    const int32_t position = -4 * ((p->input_depth + 7) / 8);
    uint32_t *const values = scratch;
    uint32_t *const values_end = values - QMCU_WINOGRAD_POSITIONS * position;
    uint32_t *const first = values_end + position;
    uint32_t *const kept = values_end;
    tile_row t = {p, input, (uint8_t *)(kept + 24 * words),
                  0, words, (uint32_t)(p->input_zero_point + 128) * 0x01010101u};
    const int32_t depth = p->output_depth;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        int32_t y = -p->padding_top;
        keep_row(&t, input, y);
        for (int32_t row = 0; row < p->output_height; row += 4, y += 4) {
            int32_t x = -p->padding_left;
            t.below = input + (y + 1) * p->input_width * p->input_depth;
            t.rows = p->input_height - (y + 1);
            transform_column(&t, x++, (column_target){kept, 2, 12});
            transform_column(&t, x++, (column_target){kept + 1, 2, 12});
            for (int32_t column = 0; column < p->output_width; column += 4) {
                for (int32_t i = 2; i < 6; ++i) {
                    transform_column(&t, x++,
                                     (column_target){first + i * position, 6 * position, 1});
                }
                for (int32_t i = 0; i < 2 * words; ++i) {
                    transform_rows(first + i, position, kept + 12 * i);
                }
                multiply_tile(p, values, values_end, weights, (const qmcu_winograd_filter *)filters,
                              output + (row * p->output_width + column) * depth,
                              p->output_height - row, p->output_width - column);
            }
        }
        input += p->input_height * p->input_width * p->input_depth;
        output += p->output_height * p->output_width * depth;
    }
}
