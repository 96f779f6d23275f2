/* Four rows give two output rows. For each channel and column the rows lie in two words, (r0, r1)
   and (r2, r3); with weights (w0, w1) and (w1, w2) each output takes two instructions a column:
   upper += r0 w0 + r1 w1 (SMLAD), += r2 w2 (SMLABT); lower += r1 w0 (SMLATB), += r2 w1 + r3 w2
   (SMLAD). */
#ifndef QMCU_DEPTHWISE_3X3_CODE_DSP_H
#define QMCU_DEPTHWISE_3X3_CODE_DSP_H

#include "depthwise_3x3_dsp.h"
#include "dsp.h"

#include <stddef.h>

/* OUTPUT(SUM, TO), which whoever includes this defines, stores the output of SUM, twice a sum, with
   multiplier, rounding and shift in r2 to r4; r8 is free. */

typedef struct {
    int32_t row_bytes; /* from the upper to the lower output, 0 where there is no lower */
    int32_t depth;
    int32_t even_bytes; /* of packed columns of an even number of outputs */
    int32_t odd;        /* one more output */
    int32_t column_bytes;
} rows_geometry;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* one column (r8, r9) for an output */
#define TAP_LOWER(LOWER, WU, WL, LOWER0)           \
    "smlatb " LOWER ", r8, " WU ", " LOWER0 "\n\t" \
    "smlad " LOWER ", r9, " WL ", " LOWER "\n\t"
#define TAP_UPPER(UPPER, WU, WL, UPPER0)          \
    "smlad " UPPER ", r8, " WU ", " UPPER0 "\n\t" \
    "smlabt " UPPER ", r9, " WL ", " UPPER "\n\t"

/* 4 channels; two columns of outputs a round. On the stack: weights and bias (7), multiplier,
   rounding, shift, row_bytes, depth, end (6), odd, and what is left for the next channel. STEP:
   bytes of packed columns from one output to the next; REST: what remains of a channel's columns at
   the end. */
#define BEGIN                    \
    "push {r4-r11, lr}\n\t"      \
    "sub sp, sp, #72\n\t"        \
    "mov r12, #4\n\t"            \
    "strd r3, r12, [sp, #56]\n"  \
    "0: ldm r3, {r4-r7}\n\t"     \
    "add r6, r6, r0\n\t"         \
    "strd r4, r5, [sp, #40]\n\t" \
    "strd r6, r7, [sp, #48]\n\t" \
    "str r2, [sp, #64]\n\t"      \
    "mov r12, r2\n\t"            \
    "ldm r1!, {r2-r11}\n\t"      \
    "stm sp, {r2-r11}\n\t"       \
    "str r1, [sp, #68]\n\t"      \
    "mov r1, r12\n"
#define END(STEP, REST)              \
    "cmp r0, r7\n\t"                 \
    "blo 1b\n\t"                     \
    "ldr r2, [sp, #52]\n\t"          \
    "cbz r2, 2f\n\t"                 \
    "subs r0, r0, #" STEP "\n\t"     \
    "subs r1, r1, r6\n\t"            \
    "movs r2, #0\n\t"                \
    "str r2, [sp, #52]\n\t"          \
    "b 1b\n"                         \
    "2: ldrd r3, r12, [sp, #56]\n\t" \
    "ldrd r2, r1, [sp, #64]\n\t"     \
    "adds r0, r0, #" REST "\n\t"     \
    "adds r2, r2, #1\n\t"            \
    "subs r12, r12, #1\n\t"          \
    "str r12, [sp, #60]\n\t"         \
    "bne 0b\n\t"                     \
    "add sp, sp, #72\n\t"            \
    "pop {r4-r11, pc}"

/* Two output rows, stride 1. */
__attribute__((naked)) static void two_rows(const uint32_t *packed,
                                            const qmcu_depthwise_channel *channels, int8_t *output,
                                            const rows_geometry *geometry)
{
    /* clang-format off */
    __asm(
        BEGIN
        "1: ldm sp, {r2-r7, r12}\n\t"
        "ldrd r8, r9, [r0], #8\n\t"
        TAP_UPPER("r10", "r2", "r3", "r12")
        TAP_LOWER("r11", "r2", "r3", "r12")
        "ldrd r8, r9, [r0], #8\n\t"
        TAP_UPPER("r10", "r4", "r5", "r10")
        TAP_LOWER("r11", "r4", "r5", "r11")
        TAP_LOWER("lr", "r2", "r3", "r12")
        TAP_UPPER("r12", "r2", "r3", "r12")
        "ldrd r8, r9, [r0]\n\t"
        TAP_UPPER("r10", "r6", "r7", "r10")
        TAP_LOWER("r11", "r6", "r7", "r11")
        TAP_UPPER("r12", "r4", "r5", "r12")
        TAP_LOWER("lr", "r4", "r5", "lr")
        "ldrd r8, r9, [r0, #8]\n\t"
        TAP_UPPER("r12", "r6", "r7", "r12")
        TAP_LOWER("lr", "r6", "r7", "lr")
        "add r8, sp, #28\n\t"
        "ldm r8, {r2-r7}\n\t"
        OUTPUT("r11", "[r1, r5]")
        OUTPUT("r10", "[r1]")
        "add r1, r1, r6\n\t"
        OUTPUT("lr", "[r1, r5]")
        OUTPUT("r12", "[r1]")
        "add r1, r1, r6\n\t"
        END("8", "16"));
    /* clang-format on */
}

/* One output row, stride 2. */
__attribute__((naked)) static void one_row(const uint32_t *packed,
                                           const qmcu_depthwise_channel *channels, int8_t *output,
                                           const rows_geometry *geometry)
{
    /* clang-format off */
    __asm(
        BEGIN
        "1: ldm sp, {r2-r7, r12}\n\t"
        "ldrd r8, r9, [r0], #8\n\t"
        TAP_UPPER("r10", "r2", "r3", "r12")
        "ldrd r8, r9, [r0], #8\n\t"
        TAP_UPPER("r10", "r4", "r5", "r10")
        "ldrd r8, r9, [r0], #8\n\t"
        TAP_UPPER("r10", "r6", "r7", "r10")
        TAP_UPPER("r12", "r2", "r3", "r12")
        "ldrd r8, r9, [r0], #8\n\t"
        TAP_UPPER("r12", "r4", "r5", "r12")
        "ldrd r8, r9, [r0]\n\t"
        TAP_UPPER("r12", "r6", "r7", "r12")
        "add r8, sp, #28\n\t"
        "ldm r8, {r2-r7}\n\t"
        OUTPUT("r10", "[r1]")
        "add r1, r1, r6\n\t"
        OUTPUT("r12", "[r1]")
        "add r1, r1, r6\n\t"
        END("16", "8"));
    /* clang-format on */
}
#pragma GCC diagnostic pop

/* Two rows of 4 channels in each second word of the channels' columns, in two places: they are the
   lower pair of these output rows and the upper pair of the next. */
static void pack(const int8_t *first, int32_t first_step, const int8_t *second, int32_t second_step,
                 uint32_t *to, uint32_t *again, int32_t column_bytes, int32_t count)
{
    uint32_t *const end = to + 2 * count;
    const int32_t third = 3 * column_bytes;
    do {
        const uint32_t a = qmcu_load_word(first), b = qmcu_load_word(second);
        const uint32_t low = qmcu_pack_low(a, b), high = qmcu_pack_high(a, b);
        const uint32_t c0 = qmcu_sxtb16(low), c1 = qmcu_sxtb16_odd(low), c2 = qmcu_sxtb16(high),
                       c3 = qmcu_sxtb16_odd(high);
        *(uint32_t *)((char *)to + column_bytes) = c1;
        *(uint32_t *)((char *)to + 2 * column_bytes) = c2;
        *(uint32_t *)((char *)to + third) = c3;
        *to = c0;
        *(uint32_t *)((char *)again + column_bytes) = c1;
        *(uint32_t *)((char *)again + 2 * column_bytes) = c2;
        *(uint32_t *)((char *)again + third) = c3;
        *again = c0;
        first += first_step;
        second += second_step;
        to += 2;
        again += 2;
    } while (to != end);
}

typedef struct {
    const qmcu_depthwise_3x3_dsp_params *p;
    const int8_t *input; /* of the channel group */
    uint32_t zero;       /* four times the zero point */
    int32_t column_bytes;
    int32_t count;
} source;

static void pack_rows(const source *s, int32_t y, uint32_t *to, uint32_t *again)
{
    const int32_t depth = s->p->depth, height = s->p->input_height,
                  row_bytes = s->p->input_width * depth;
    const int8_t *first = s->input + y * row_bytes, *second = first + row_bytes;
    int32_t first_step = depth, second_step = depth;
    if (y < 0 || y >= height) {
        first = (const int8_t *)&s->zero;
        first_step = 0;
    }
    if (y + 1 < 0 || y + 1 >= height) {
        second = (const int8_t *)&s->zero;
        second_step = 0;
    }
    pack(first, first_step, second, second_step, to + 2 * s->p->padding_left,
         again + 2 * s->p->padding_left, s->column_bytes, s->count);
}

/* The whole layer; unpack gives the constants of four channels, or is NULL where `channels` are such. */
static inline __attribute__((always_inline)) void
layer(const qmcu_depthwise_3x3_dsp_params *p, const int8_t *input, const int32_t *channels,
      void *scratch, int8_t *output, qmcu_depthwise_unpack *unpack)
{
    qmcu_depthwise_channel room[4];
    const int32_t stride = p->stride, columns = (p->output_width - 1) * stride + 3;
    const int32_t column_words = 2 * columns;
    const int32_t row_bytes = p->output_width * p->depth;
    source s = {p, input, (uint32_t)(uint8_t)p->input_zero_point * 0x01010101u, 4 * column_words,
                p->input_width};
    if (s.count > columns - p->padding_left) {
        s.count = columns - p->padding_left;
    }
    rows_geometry g = {row_bytes, p->depth, 8 * stride * (p->output_width & ~1),
                       p->output_width & 1, 0};
    uint32_t *now = scratch, *next = now + 4 * column_words;
    for (int32_t i = 0; i < 8 * column_words; ++i) { /* the columns of padding stay */
        now[i] = (uint32_t)(uint16_t)(int16_t)p->input_zero_point * 0x10001u;
    }
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t channel = 0; channel < p->depth; channel += 4) {
            const qmcu_depthwise_channel *four = (const qmcu_depthwise_channel *)channels + channel;
            if (unpack) {
                unpack(channels, channel, room);
                four = room;
            }
            s.input = input + channel;
            int32_t y = -p->padding_top;
            int8_t *to = output + channel;
            pack_rows(&s, y, now, now);
            for (int32_t left = p->output_height; left > 0; left -= 3 - stride) {
                y += 2;
                pack_rows(&s, y, now + 1, next);
                if (stride == 1) {
                    g.row_bytes = left > 1 ? row_bytes : 0;
                    two_rows(now, four, to, &g);
                    to += row_bytes;
                } else {
                    one_row(now, four, to, &g);
                }
                to += row_bytes;
                uint32_t *const swap = now;
                now = next;
                next = swap;
            }
        }
        input += p->input_height * p->input_width * p->depth;
        output += p->output_height * row_bytes;
    }
}

#endif
