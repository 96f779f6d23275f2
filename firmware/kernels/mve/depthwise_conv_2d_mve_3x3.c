/* Depthwise 3x3 convolution for MVE. The rows of up to 16 channels lie in scratch column by column, so that
   one gather with byte offsets takes 4x4 values of a channel at stride 1, [x][row & 3][channel], which
   are four windows, or five columns of three rows at stride 2, [x][row % 3][channel], which are two. Each
   window is one VMLADAV with the weights in other lanes. */
#include "depthwise_conv_2d_mve_3x3.h"

#include "mve.h"
#include "uses_mve.h"

#include <stddef.h>

typedef qmcu_depthwise_conv_2d_mve_3x3_params params_t;

/* What the assembly works through: all channels of a group in one or two rows of the output. */
typedef struct rows {
    const int8_t *window;
    int8_t *output;
    const int8_t *records;
    const int8_t *records_end;
    int32_t zero;
    int32_t lanes; /* of a vector that weights are in */
    int32_t count; /* stride 1: pairs of columns, or fours; stride 2: columns, or eights */
    int32_t odd;   /* stride 1: a column is left */
    int32_t zero_point;
    int32_t window_step;
    int32_t output_step;
    int32_t left;
    int32_t sign;
    uint8_t taps[16];
    union {
        uint32_t offsets[4]; /* of the outputs */
        uint16_t offsets_of_eight[8];
    };
    int32_t minimum[4];
    int32_t maximum[4];
    void (*multiply)(struct rows *rows);
} rows_t;

/* Offsets as the assembly writes them; the asserts hold them to the structs. */
#define TEXT_OF(X) #X
#define TEXT(X) TEXT_OF(X)
#define AT(OFFSET) "#" TEXT(OFFSET)
#define PLACE(TYPE, FIELD, OFFSET) _Static_assert(offsetof(TYPE, FIELD) == (OFFSET), #FIELD)

#define ROWS_RECORDS 8
#define ROWS_ODD 28
#define ROWS_ZERO_POINT 32
#define ROWS_STEP 36
#define ROWS_LEFT 44
#define ROWS_TAPS 52
#define ROWS_OFFSETS 68
#define ROWS_MINIMUM 84
#define ROWS_MAXIMUM 100
#define RECORD_SHIFT 11
#define RECORD_BIAS 12
#define RECORD_SIZE 20
PLACE(rows_t, window, 0);
PLACE(rows_t, output, 4);
PLACE(rows_t, records, ROWS_RECORDS);
PLACE(rows_t, records_end, ROWS_RECORDS + 4);
PLACE(rows_t, zero, 16);
PLACE(rows_t, lanes, 20);
PLACE(rows_t, count, 24);
PLACE(rows_t, odd, ROWS_ODD);
PLACE(rows_t, zero_point, ROWS_ZERO_POINT);
PLACE(rows_t, window_step, ROWS_STEP);
PLACE(rows_t, output_step, ROWS_STEP + 4);
PLACE(rows_t, left, ROWS_LEFT);
PLACE(rows_t, sign, ROWS_LEFT + 4);
PLACE(rows_t, taps, ROWS_TAPS);
PLACE(rows_t, offsets, ROWS_OFFSETS);
PLACE(rows_t, minimum, ROWS_MINIMUM);
PLACE(rows_t, maximum, ROWS_MAXIMUM);
PLACE(qmcu_mve_depthwise_3x3, shift, RECORD_SHIFT);
PLACE(qmcu_mve_depthwise_3x3, bias, RECORD_BIAS);
PLACE(qmcu_mve_depthwise_3x3, multiplier, RECORD_BIAS + 4);
_Static_assert(sizeof(qmcu_mve_depthwise_3x3) == RECORD_SIZE, "record");

/* r0 window, r1 output, sums in r2, r4, r6, r8, then r3 bias, r5 multiplier, r7 shift, r9 output
   zero point, r10 and r11 steps, r12 rows_t; q2 taps, q3 offsets of the outputs, q4 to q7 weights. */
#define QMCU_BEGIN                                      \
    "push {r4-r11, lr}\n\t"                             \
    "vpush {d8-d15}\n\t"                                \
    "mov r12, r0\n\t"                                   \
    "vldrw.u32 q2, [r12, " AT(ROWS_TAPS) "]\n\t"        \
    "vldrw.u32 q3, [r12, " AT(ROWS_OFFSETS) "]\n\t"     \
    "ldr r9, [r12, " AT(ROWS_ZERO_POINT) "]\n\t"        \
    "ldrd r10, r11, [r12, " AT(ROWS_STEP) "]\n\t"

/* The weights in q4; VSHLC takes zeros from r6 and puts such there, moving the weights to other windows. */
#define QMCU_CHANNEL(LANES, WINDOWS)                          \
    "1: ldm r12, {r0, r1, r2, r4, r6, r8, lr}\n\t"      \
    LANES                                               \
    "vpst\n\t"                                          \
    "vldrbt.u8 q4, [r2]\n\t" WINDOWS                    \
    "ldrsb r7, [r2, " AT(RECORD_SHIFT) "]\n\t"          \
    "ldrd r3, r5, [r2, " AT(RECORD_BIAS) "]\n\t"        \
    "add r4, r0, #1\n\t"                                \
    "add r6, r1, #1\n\t"                                \
    "add r8, r2, " AT(RECORD_SIZE) "\n\t"               \
    "stm r12, {r4, r6, r8}\n\t"

/* From window to window: at stride 1 a column, a row and both further on, at stride 2 two columns. */
#define QMCU_WINDOWS_1                                  \
    "vmov q5, q4\n\t"                                   \
    "vshlc q5, r6, #32\n\t"                             \
    "vmov q6, q4\n\t"                                   \
    "vshlc q6, r6, #8\n\t"                              \
    "vmov q7, q5\n\t"                                   \
    "vshlc q7, r6, #8\n\t"
#define QMCU_WINDOWS_2                                  \
    "vmov q5, q4\n\t"                                   \
    "vshlc q5, r6, #32\n\t"                             \
    "vshlc q5, r6, #16\n\t"

/* clang-format off */
#define QMCU_END                                   \
    "ldrd r2, r4, [r12, " AT(ROWS_RECORDS) "]\n\t" \
    "cmp r2, r4\n\t"                               \
    "bne 1b\n\t"                                   \
    "vpop {d8-d15}\n\t"                            \
    "pop {r4-r11, pc}"
/* clang-format on */

#define QMCU_FOUR_SUMS(SUMS)                            \
    "vldrb.u8 " SUMS ", [r0, q2]\n\t"                   \
    "add r0, r0, r10\n\t"                               \
    "vmladav.s8 r2, " SUMS ", q4\n\t"                   \
    "vmladav.s8 r4, " SUMS ", q5\n\t"                   \
    "vmladav.s8 r6, " SUMS ", q6\n\t"                   \
    "vmladav.s8 r8, " SUMS ", q7\n\t"                   \
    "vmov " SUMS "[2], " SUMS "[0], r2, r6\n\t"         \
    "vmov " SUMS "[3], " SUMS "[1], r4, r8\n\t"         \
    "vadd.i32 " SUMS ", " SUMS ", r3\n\t"

#define QMCU_TWO_WINDOWS(TAPS, FIRST, SECOND)           \
    "vldrb.u8 " TAPS ", [r0, q2]\n\t"                    \
    "add r0, r0, r10\n\t"                               \
    "vmladav.s8 " FIRST ", " TAPS ", q4\n\t"            \
    "vmladav.s8 " SECOND ", " TAPS ", q5\n\t"
#define QMCU_FOUR_OF_ROW(SUMS)                                               \
    QMCU_TWO_WINDOWS(SUMS, "r2", "r4") QMCU_TWO_WINDOWS(SUMS, "r6", "r8")    \
    "vmov " SUMS "[2], " SUMS "[0], r2, r6\n\t"                              \
    "vmov " SUMS "[3], " SUMS "[1], r4, r8\n\t"                              \
    "vadd.i32 " SUMS ", " SUMS ", r3\n\t"

/* Negative products end at or below -128, however they are rounded. */
#define QMCU_SATURATED            \
    "vqrdmulh.s32 q0, q0, r5\n\t" \
    "vrshl.s32 q0, r7\n\t"        \
    "vadd.i32 q0, q0, r9\n\t"     \
    "vqmovnb.s32 q0, q0\n\t"      \
    "vqmovnb.s16 q0, q0\n\t"

/* A left shift before the multiplication, or a right shift after it; only the latter rounds, away
   from zero: one less for negative values. VSHL by -32 gives 0, by -31 the sign. */
#define QMCU_SHIFTS       \
    "asr r2, r7, #31\n\t" \
    "and r4, r7, r2\n\t"  \
    "mvn r6, #31\n\t"     \
    "sub r8, r6, r2\n\t"  \
    "sub r6, r7, r4\n\t"  \
    "mov r7, r4\n\t"      \
    "strd r6, r8, [r12, " AT(ROWS_LEFT) "]\n\t"

/* clang-format off */
#define QMCU_CLAMPED                                \
    "ldrd r2, r4, [r12, " AT(ROWS_LEFT) "]\n\t"     \
    "vshl.s32 q0, r2\n\t"                           \
    "vqrdmulh.s32 q0, q0, r5\n\t"                   \
    "vmov q1, q0\n\t"                               \
    "vshl.u32 q1, r4\n\t"                           \
    "vsub.i32 q0, q0, q1\n\t"                       \
    "vrshl.s32 q0, r7\n\t"                          \
    "vadd.i32 q0, q0, r9\n\t"                       \
    "vldrw.u32 q1, [r12, " AT(ROWS_MINIMUM) "]\n\t" \
    "vmax.s32 q0, q0, q1\n\t"                       \
    "vldrw.u32 q1, [r12, " AT(ROWS_MAXIMUM) "]\n\t" \
    "vmin.s32 q0, q0, q1\n\t"
/* clang-format on */

/* Two rows; an odd last column goes with the one before it once more. */
#define QMCU_STRIDE_1(SHIFTS, REQUANTIZE)                                                  \
    __asm(QMCU_BEGIN "mov r2, #11\n\tvctp.8 r2\n" QMCU_CHANNEL("", QMCU_WINDOWS_1) SHIFTS                                   \
          "dls lr, lr\n\t"                                                                 \
          "2:\n\t" QMCU_FOUR_SUMS("q0") REQUANTIZE "vstrb.32 q0, [r1, q3]\n\t"             \
          "add r1, r1, r11\n\t"                                                            \
          "le lr, 2b\n\t"                                                                  \
          "ldr r2, [r12, " AT(ROWS_ODD) "]\n\t"                                            \
          "cbz r2, 3f\n\t"                                                                 \
          "sub r0, r0, r10, lsr #1\n\t"                                                    \
          "sub r1, r1, r11, lsr #1\n\t" QMCU_FOUR_SUMS("q0") REQUANTIZE                    \
          "vstrb.32 q0, [r1, q3]\n\t"                                                      \
          "3:\n\t" QMCU_END)

/* The same with less code: the odd column goes through the loop, its turn told by the carry. */
#define QMCU_SMALL_1(SHIFTS, REQUANTIZE)                                                   \
    __asm(QMCU_BEGIN "mov r2, #11\n\tvctp.8 r2\n" QMCU_CHANNEL("", QMCU_WINDOWS_1) SHIFTS  \
          "dls lr, lr\n\t"                                                                 \
          "adds r2, r0, #1\n\t"                                                            \
          "2:\n\t" QMCU_FOUR_SUMS("q0") REQUANTIZE "vstrb.32 q0, [r1, q3]\n\t"             \
          "add r1, r1, r11\n\t"                                                            \
          "le lr, 2b\n\t"                                                                  \
          "bcs 3f\n\t"                                                                     \
          "ldr r2, [r12, " AT(ROWS_ODD) "]\n\t"                                            \
          "cbz r2, 3f\n\t"                                                                 \
          "sub r0, r0, r10, lsr #1\n\t"                                                    \
          "sub r1, r1, r11, lsr #1\n\t"                                                    \
          "mov lr, #1\n\t"                                                                 \
          "cmp r2, r2\n\t"                                                                 \
          "b 2b\n"                                                                         \
          "3:\n\t" QMCU_END)

/* Eight sums of the same channel in q0 and q1 to bytes. */
#define QMCU_EIGHT                                                                         \
    "vqrdmulh.s32 q0, q0, r5\n\t"                                                          \
    "vqrdmulh.s32 q1, q1, r5\n\t"                                                          \
    "vrshl.s32 q0, r7\n\t"                                                                 \
    "vrshl.s32 q1, r7\n\t"                                                                 \
    "vqmovnb.s32 q0, q0\n\t"                                                               \
    "vqmovnt.s32 q0, q1\n\t"                                                               \
    "vqadd.s16 q0, q0, r9\n\t"                                                             \
    "vqmovnb.s16 q0, q0\n\t"                                                               \
    "vstrb.16 q0, [r1, q3]\n\t"                                                            \
    "add r1, r1, r11\n\t"                                                                  \
    "le lr, 2b\n\t"

/* Two rows, columns in fours. */
#define QMCU_FOURS_1                                                                       \
    __asm(QMCU_BEGIN "mov r2, #11\n\tvctp.8 r2\n" QMCU_CHANNEL("", QMCU_WINDOWS_1)        \
          "dls lr, lr\n\t"                                                                 \
          "2:\n\t" QMCU_FOUR_SUMS("q0") QMCU_FOUR_SUMS("q1") QMCU_EIGHT QMCU_END)

/* One row, columns in eights. */
#define QMCU_EIGHTS_2                                                                      \
    __asm(QMCU_BEGIN "mov r2, #9\n\tvctp.8 r2\n" QMCU_CHANNEL("", QMCU_WINDOWS_2)         \
          "dls lr, lr\n\t"                                                                 \
          "2:\n\t" QMCU_FOUR_OF_ROW("q0") QMCU_FOUR_OF_ROW("q1") QMCU_EIGHT QMCU_END)

/* One row, four columns at a time. */
#define QMCU_STRIDE_2(SHIFTS, REQUANTIZE)                                                  \
    __asm(QMCU_BEGIN QMCU_CHANNEL("vctp.8 r8\n\t", QMCU_WINDOWS_2) SHIFTS                                   \
          "2:\n\t" QMCU_FOUR_OF_ROW("q0") REQUANTIZE                                       \
          "vctp.32 lr\n\t"                                                                 \
          "vpst\n\t"                                                                       \
          "vstrbt.32 q0, [r1, q3]\n\t"                                                     \
          "add r1, r1, r11\n\t"                                                            \
          "subs lr, lr, #4\n\t"                                                            \
          "bgt 2b\n\t" QMCU_END)

#define QMCU_NAKED(NAME) \
    static __attribute__((naked, noinline)) void NAME(__attribute__((unused)) rows_t *rows)

QMCU_NAKED(saturated_1)
{
    QMCU_STRIDE_1("", QMCU_SATURATED);
}

QMCU_NAKED(fours_1)
{
    QMCU_FOURS_1;
}

QMCU_NAKED(clamped_1)
{
    QMCU_SMALL_1(QMCU_SHIFTS, QMCU_CLAMPED);
}

QMCU_NAKED(saturated_2)
{
    QMCU_STRIDE_2("", QMCU_SATURATED);
}

QMCU_NAKED(eights_2)
{
    QMCU_EIGHTS_2;
}

QMCU_NAKED(clamped_2)
{
    QMCU_STRIDE_2(QMCU_SHIFTS, QMCU_CLAMPED);
}

/* Whether the stride is 1; else it is 2. */
static inline int32_t is_dense(const params_t *p)
{
    return QMCU_USES_STRIDE_1 && (!QMCU_USES_STRIDE_2 || p->stride == 1);
}

/* Rows in scratch. */
static int32_t slots(const params_t *p)
{
    return is_dense(p) ? 4 : 3;
}

static __attribute__((noinline)) int8_t *fill(int8_t *to, int32_t value, int32_t count,
                                              int32_t pitch, int32_t group)
{
    const int8x16_t values = vdupq_n_s8((int8_t)value);
    const mve_pred16_t live = vctp8q((uint32_t)group);
    for (; count > 0; count--, to += pitch) {
        vstrbq_p_s8(to, values, live);
    }
    return to;
}

static int8_t *copy(int8_t *to, const int8_t *from, int32_t count, int32_t channels, int32_t depth,
                    int32_t pitch)
{
    if (channels == 16) {
        for (; count > 0; count--, from += depth, to += pitch) {
            vstrbq_s8(to, vldrbq_s8(from));
        }
        return to;
    }
    const mve_pred16_t live = vctp8q((uint32_t)channels);
    for (; count > 0; count--, from += depth, to += pitch) {
        vstrbq_p_s8(to, vldrbq_z_s8(from, live), live);
    }
    return to;
}

/* Row y of the input, `channels` of its channels, to one of the rows of scratch. */
static void load_row(const params_t *p, const int8_t *image, int32_t y, int32_t channels,
                     int8_t *to)
{
    const int32_t pitch = slots(p) * p->group;
    const int32_t room = p->plane_width - p->padding_left;
    const int32_t inside = room < p->input_width ? room : p->input_width;
    const int32_t depth = p->depth;

    if (y < 0 || y >= p->input_height) {
        (void)fill(to, p->input_zero_point, p->plane_width, pitch, p->group);
        return;
    }
    to = fill(to, p->input_zero_point, p->padding_left, pitch, p->group);
    image += y * p->input_width * depth;
    to = copy(to, image, inside, channels, depth, pitch);
    (void)fill(to, p->input_zero_point, room - inside, pitch, p->group);
}

static void begin(const params_t *p, rows_t *rows)
{
    const int32_t column = slots(p) * p->group;
    const int32_t depth = p->depth;
    const int32_t lasts = p->output_width & (is_dense(p) ? 3 : 7);
    const int32_t saturated = !QMCU_USES_CLAMPED || p->saturated;
    const int32_t eight =
        QMCU_USES_EIGHT && (!QMCU_USES_ANY_COLUMNS || (saturated && lasts == 0 && (p->output_width + 4) * depth < 65536));
    const uint32x4_t lanes4 = vidupq_n_u32(0, 1);

    rows->zero = 0;
    rows->lanes = is_dense(p) ? 11 : 9;
    rows->odd = p->output_width & 1;
    rows->zero_point = p->output_zero_point;
    vstrwq_s32(rows->minimum, vdupq_n_s32(p->activation_minimum));
    vstrwq_s32(rows->maximum, vdupq_n_s32(p->activation_maximum));
    if (is_dense(p)) {
        const uint32_t below = (uint32_t)(p->output_width * depth);
        rows->count = p->output_width >> (eight ? 2 : 1);
        rows->window_step = 2 * column;
        rows->output_step = (eight ? 4 : 2) * depth;
        if (eight) {
            const uint16x8_t lanes = vidupq_n_u16(0, 1);
            const uint16x8_t columns =
                vaddq_u16(vandq_u16(vshrq_n_u16(lanes, 1), vdupq_n_u16(1)),
                          vandq_u16(vshlq_n_u16(lanes, 1), vdupq_n_u16(2)));
            vstrhq_u16(rows->offsets_of_eight,
                       vmlaq_n_u16(vmulq_n_u16(columns, (uint16_t)depth), vshrq_n_u16(lanes, 2),
                                   (uint16_t)below));
            rows->multiply = fours_1;
            return;
        }
        const uint32x4_t columns = vandq_u32(lanes4, vdupq_n_u32(1));
        vstrwq_u32(rows->offsets, vmlaq_n_u32(vmulq_n_u32(columns, (uint32_t)depth),
                                              vshrq_n_u32(lanes4, 1), below));
        rows->multiply = saturated ? saturated_1 : clamped_1;
    } else if (eight) {
        const uint16x8_t lanes = vidupq_n_u16(0, 1);
        const uint16x8_t columns = vaddq_u16(vshrq_n_u16(lanes, 1),
                                             vandq_u16(vshlq_n_u16(lanes, 2), vdupq_n_u16(4)));
        vstrhq_u16(rows->offsets_of_eight, vmulq_n_u16(columns, (uint16_t)depth));
        rows->count = p->output_width >> 3;
        rows->window_step = 4 * column;
        rows->output_step = 8 * depth;
        rows->multiply = eights_2;
    } else {
        rows->count = p->output_width;
        rows->window_step = 4 * column;
        rows->output_step = 4 * depth;
        vstrwq_u32(rows->offsets, vmulq_n_u32(lanes4, (uint32_t)depth));
        rows->multiply = saturated ? saturated_2 : clamped_2;
    }
}

/* The first row of the windows is `top` rows below the first one of the padded input. */
static void run(const params_t *p, rows_t *rows, int32_t top)
{
    static const uint8_t columns[16] = {0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9, 9, 12, 12, 12, 0};
    static const uint8_t below[16] = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0};
    uint8x16_t slot;

    if (is_dense(p)) {
        const uint8x16_t lanes = vidupq_n_u8(0, 1);
        const uint8x16_t row = vandq_u8(vaddq_n_u8(lanes, (uint8_t)top), vdupq_n_u8(3));
        slot = vorrq_u8(vandq_u8(lanes, vdupq_n_u8(12)), row);
    } else {
        const uint8x16_t row = vaddq_n_u8(vldrbq_u8(below), (uint8_t)(top % 3));
        const uint8x16_t once = vminq_u8(row, vsubq_n_u8(row, 3)); /* below 0 it is large */
        slot = vaddq_u8(vldrbq_u8(columns), once);
    }
    vstrbq_u8(rows->taps, vmulq_n_u8(slot, (uint8_t)p->group));
    rows->multiply(rows);
}

static void convolve(const params_t *p, const int8_t *input, const int8_t *records,
                     int32_t channels, int8_t *plane, int8_t *output)
{
    const int32_t step = is_dense(p) ? 2 : 1;
    const int32_t taps = is_dense(p) ? 4 : 3;
    int32_t loaded = 0;
    rows_t rows;

    begin(p, &rows);
    for (int32_t i = 0; i < p->output_height; i += step) {
        /* An odd last row goes with the one before it once more. */
        const int32_t row = i + step > p->output_height ? p->output_height - step : i;
        const int32_t top = row * p->stride;
        for (; loaded < top + taps; loaded++) {
            load_row(p, input, loaded - p->padding_top, channels,
                     plane + loaded % slots(p) * p->group);
        }
        rows.window = plane;
        rows.output = output + row * p->output_width * p->depth;
        rows.records = records;
        rows.records_end = records + RECORD_SIZE * channels;
        run(p, &rows, top);
    }
}

void qmcu_depthwise_conv_2d_mve_3x3(const params_t *params, const int8_t *input,
                                    const int8_t *records, void *scratch, int8_t *output)
{
    const params_t *p = params;

    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t i = 0; i < p->depth; i += p->group) {
            const int32_t left = p->depth - i;
            convolve(p, input + i, records + RECORD_SIZE * i, left < p->group ? left : p->group,
                     scratch, output + i);
        }
        input += p->input_height * p->input_width * p->depth;
        output += p->output_height * p->output_width * p->depth;
    }
}
