/* Depthwise 3x3 convolution for MVE. Four rows of up to 16 channels lie in scratch column by column,
   [x][row & 3][channel], so that one gather with byte offsets takes 4x4 values of a channel: four
   windows at stride 1, and each is one VMLADAV with the weights in other lanes. */
#include "depthwise_conv_2d_mve_3x3.h"

#include "mve.h"

#include <stddef.h>

typedef qmcu_depthwise_conv_2d_mve_3x3_params params_t;

/* What the assembly works through: all channels of a group in one or two rows of the output. */
typedef struct {
    const int8_t *window;
    int8_t *output;
    const int8_t *records;
    const int8_t *records_end;
    int32_t count; /* stride 1: pairs of columns; stride 2: columns */
    int32_t odd;   /* stride 1: a column is left */
    int32_t zero_point;
    int32_t window_step;
    int32_t output_step;
    int32_t left;
    int32_t sign;
    int32_t unused;
    uint8_t taps[16];
    uint32_t offsets[4];
    int32_t minimum[4];
    int32_t maximum[4];
} rows_t;

/* Offsets as the assembly writes them; the asserts hold them to the structs. */
#define TEXT_OF(X) #X
#define TEXT(X) TEXT_OF(X)
#define AT(OFFSET) "#" TEXT(OFFSET)
#define PLACE(TYPE, FIELD, OFFSET) _Static_assert(offsetof(TYPE, FIELD) == (OFFSET), #FIELD)

#define ROWS_WINDOW 0
#define ROWS_RECORDS 8
#define ROWS_COUNT 16
#define ROWS_ODD 20
#define ROWS_ZERO_POINT 24
#define ROWS_STEP 28
#define ROWS_LEFT 36
#define ROWS_TAPS 48
#define ROWS_OFFSETS 64
#define ROWS_MINIMUM 80
#define ROWS_MAXIMUM 96
#define RECORD_SHIFT 22
#define RECORD_BIAS 24
#define RECORD_SIZE 32
PLACE(rows_t, window, ROWS_WINDOW);
PLACE(rows_t, records, ROWS_RECORDS);
PLACE(rows_t, records_end, ROWS_RECORDS + 4);
PLACE(rows_t, count, ROWS_COUNT);
PLACE(rows_t, odd, ROWS_ODD);
PLACE(rows_t, zero_point, ROWS_ZERO_POINT);
PLACE(rows_t, window_step, ROWS_STEP);
PLACE(rows_t, left, ROWS_LEFT);
PLACE(rows_t, taps, ROWS_TAPS);
PLACE(rows_t, offsets, ROWS_OFFSETS);
PLACE(rows_t, minimum, ROWS_MINIMUM);
PLACE(rows_t, maximum, ROWS_MAXIMUM);
PLACE(rows_t, output, ROWS_WINDOW + 4);
PLACE(rows_t, output_step, ROWS_STEP + 4);
PLACE(rows_t, sign, ROWS_LEFT + 4);
PLACE(qmcu_mve_depthwise_3x3, shift, RECORD_SHIFT);
PLACE(qmcu_mve_depthwise_3x3, bias, RECORD_BIAS);
PLACE(qmcu_mve_depthwise_3x3, multiplier, RECORD_BIAS + 4);
_Static_assert(sizeof(qmcu_mve_depthwise_3x3) == RECORD_SIZE, "record");

/* r0 window, r1 output, sums in r2, r4, r6, r8, then r3 bias, r5 multiplier, r7 shift, r9 output
   zero point, r10 and r11 steps, r12 rows_t; q2 taps, q3 offsets of the outputs, q4 to q7 weights. */
#define QMCU_BEGIN                                                                    \
    "push {r4-r11, lr}\n\t"                                                           \
    "vpush {d8-d15}\n\t"                                                              \
    "mov r12, r0\n\t"                                                                 \
    "vldrw.u32 q2, [r12, " AT(                                                        \
        ROWS_TAPS) "]\n\t"                                                            \
                   "vldrw.u32 q3, [r12, " AT(                                         \
                       ROWS_OFFSETS) "]\n\t"                                          \
                                     "ldr r9, [r12, " AT(                             \
                                         ROWS_ZERO_POINT) "]\n\t"                     \
                                                          "ldrd r10, r11, [r12, " AT( \
                                                              ROWS_STEP) "]\n\t"

#define QMCU_CHANNEL                                                                                                                               \
    "1: ldr r2, [r12, " AT(                                                                                                                        \
        ROWS_RECORDS) "]\n\t"                                                                                                                      \
                      "ldrd r0, r1, [r12, " AT(                                                                                                    \
                          ROWS_WINDOW) "]\n\t"                                                                                                     \
                                       "vldrb.u8 q4, [r2, #5]\n\t"                                                                                 \
                                       "vldrb.u8 q5, [r2, #1]\n\t"                                                                                 \
                                       "vldrb.u8 q6, [r2, #4]\n\t"                                                                                 \
                                       "ldrsb r7, [r2, " AT(                                                                                       \
                                           RECORD_SHIFT) "]\n\t"                                                                                   \
                                                         "ldrd r3, r5, [r2, " AT(                                                                  \
                                                             RECORD_BIAS) "]\n\t"                                                                  \
                                                                          "vldrb.u8 q7, "                                                          \
                                                                          "[r2], " AT(                                                             \
                                                                              RECORD_SIZE) "\n\t"                                                  \
                                                                                           "str "                                                  \
                                                                                           "r2, "                                                  \
                                                                                           "[r12,"                                                 \
                                                                                           " " AT(                                                 \
                                                                                               ROWS_RECORDS) "]\n\t"                               \
                                                                                                             "add r2, r0, #1\n\t"                  \
                                                                                                             "add r4, r1, #1\n\t"                  \
                                                                                                             "strd r2, r4, [r12, " AT(             \
                                                                                                                 ROWS_WINDOW) "]\n\t"              \
                                                                                                                              "ldr lr, [r12, " AT( \
                                                                                                                                  ROWS_COUNT) "]\n\t"

#define QMCU_END                                               \
    "ldrd r2, r4, [r12, " AT(ROWS_RECORDS) "]\n\t"             \
                                           "cmp r2, r4\n\t"    \
                                           "bne 1b\n\t"        \
                                           "vpop {d8-d15}\n\t" \
                                           "pop {r4-r11, pc}"

#define QMCU_FOUR_WINDOWS           \
    "vldrb.u8 q0, [r0, q2]\n\t"     \
    "vmladav.s8 r2, q0, q4\n\t"     \
    "vmladav.s8 r4, q0, q5\n\t"     \
    "vmladav.s8 r6, q0, q6\n\t"     \
    "vmladav.s8 r8, q0, q7\n\t"     \
    "vmov q0[2], q0[0], r2, r6\n\t" \
    "vmov q0[3], q0[1], r4, r8\n\t" \
    "vadd.i32 q0, q0, r3\n\t"

#define QMCU_ONE_WINDOW(SUM)    \
    "vldrb.u8 q0, [r0, q2]\n\t" \
    "add r0, r0, r10\n\t"       \
    "vmladav.s8 " SUM ", q0, q4\n\t"

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

#define QMCU_CLAMPED                                            \
    "ldrd r2, r4, [r12, " AT(                                   \
        ROWS_LEFT) "]\n\t"                                      \
                   "vshl.s32 q0, r2\n\t"                        \
                   "vqrdmulh.s32 q0, q0, r5\n\t"                \
                   "vmov q1, q0\n\t"                            \
                   "vshl.u32 q1, r4\n\t"                        \
                   "vsub.i32 q0, q0, q1\n\t"                    \
                   "vrshl.s32 q0, r7\n\t"                       \
                   "vadd.i32 q0, q0, r9\n\t"                    \
                   "vldrw.u32 q1, [r12, " AT(                   \
                       ROWS_MINIMUM) "]\n\t"                    \
                                     "vmax.s32 q0, q0, q1\n\t"  \
                                     "vldrw.u32 q1, [r12, " AT( \
                                         ROWS_MAXIMUM) "]\n\t"  \
                                                       "vmin.s32 q0, q0, q1\n\t"

/* Two rows; an odd last column goes with the one before it once more. */
#define QMCU_STRIDE_1(SHIFTS, REQUANTIZE)                                                          \
    __asm(QMCU_BEGIN QMCU_CHANNEL SHIFTS                                                           \
          "dls lr, lr\n\t"                                                                         \
          "2:\n\t" QMCU_FOUR_WINDOWS REQUANTIZE "vstrb.32 q0, [r1, q3]\n\t"                        \
          "add r0, r0, r10\n\t"                                                                    \
          "add r1, r1, r11\n\t"                                                                    \
          "le lr, 2b\n\t"                                                                          \
          "ldr r2, [r12, " AT(ROWS_ODD) "]\n\t"                                                    \
                                        "cbz r2, 3f\n\t"                                           \
                                        "sub r0, r0, r10, lsr #1\n\t"                              \
                                        "sub r1, r1, r11, lsr #1\n\t" QMCU_FOUR_WINDOWS REQUANTIZE \
                                        "vstrb.32 q0, [r1, q3]\n\t"                                \
                                        "3:\n\t" QMCU_END)

/* One row, four columns at a time. */
#define QMCU_STRIDE_2(SHIFTS, REQUANTIZE)                                                      \
    __asm(QMCU_BEGIN QMCU_CHANNEL SHIFTS "2:\n\t" QMCU_ONE_WINDOW("r2") QMCU_ONE_WINDOW("r4")  \
              QMCU_ONE_WINDOW("r6") QMCU_ONE_WINDOW("r8") "vmov q0[2], q0[0], r2, r6\n\t"      \
                                                          "vmov q0[3], q0[1], r4, r8\n\t"      \
                                                          "vadd.i32 q0, q0, r3\n\t" REQUANTIZE \
                                                          "vctp.32 lr\n\t"                     \
                                                          "vpst\n\t"                           \
                                                          "vstrbt.32 q0, [r1, q3]\n\t"         \
                                                          "add r1, r1, r11\n\t"                \
                                                          "subs lr, lr, #4\n\t"                \
                                                          "bgt 2b\n\t" QMCU_END)

#define QMCU_NAKED(NAME) \
    static __attribute__((naked, noinline)) void NAME(__attribute__((unused)) rows_t *rows)

QMCU_NAKED(saturated_1)
{
    QMCU_STRIDE_1("", QMCU_SATURATED);
}

QMCU_NAKED(clamped_1)
{
    QMCU_STRIDE_1(QMCU_SHIFTS, QMCU_CLAMPED);
}

QMCU_NAKED(saturated_2)
{
    QMCU_STRIDE_2("", QMCU_SATURATED);
}

QMCU_NAKED(clamped_2)
{
    QMCU_STRIDE_2(QMCU_SHIFTS, QMCU_CLAMPED);
}

static int8_t *fill(int8_t *to, int32_t value, int32_t count, int32_t pitch)
{
    const int8x16_t values = vdupq_n_s8((int8_t)value);
    const mve_pred16_t live = vctp8q((uint32_t)pitch / 4);
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

/* Row y of the input, `channels` of its channels, to one of the four rows of scratch. */
static void load_row(const params_t *p, const int8_t *image, int32_t y, int32_t channels,
                     int8_t *to)
{
    const int32_t pitch = 4 * p->group;
    const int32_t room = p->plane_width - p->padding_left;
    const int32_t inside = room < p->input_width ? room : p->input_width;
    const int32_t depth = p->depth;

    if (y < 0 || y >= p->input_height) {
        (void)fill(to, p->input_zero_point, p->plane_width, pitch);
        return;
    }
    to = fill(to, p->input_zero_point, p->padding_left, pitch);
    image += y * p->input_width * depth;
    to = copy(to, image, inside, channels, depth, pitch);
    (void)fill(to, p->input_zero_point, room - inside, pitch);
}

static void begin(const params_t *p, rows_t *rows)
{
    const int32_t pitch = 4 * p->group;

    rows->count = p->stride == 1 ? p->output_width >> 1 : p->output_width;
    rows->odd = p->output_width & 1;
    rows->zero_point = p->output_zero_point;
    rows->window_step = 2 * pitch;
    rows->output_step = (p->stride == 1 ? 2 : 4) * p->depth;
    for (int32_t i = 0; i < 4; i++) {
        rows->minimum[i] = p->activation_minimum;
        rows->maximum[i] = p->activation_maximum;
        rows->offsets[i] = (uint32_t)(i * p->depth);
        if (p->stride == 1 && i >= 2) {
            rows->offsets[i] = (uint32_t)((p->output_width + i - 2) * p->depth);
        }
    }
}

/* The first row of the windows is `top` rows below the first one of the padded input. */
static void run(const params_t *p, rows_t *rows, int32_t top)
{
    const uint8x16_t lanes = vidupq_n_u8(0, 1);
    const uint8x16_t slots = vandq_u8(vaddq_n_u8(lanes, (uint8_t)top), vdupq_n_u8(3));
    const uint8x16_t columns = vandq_u8(lanes, vdupq_n_u8(12));
    vstrbq_u8(rows->taps, vmulq_n_u8(vorrq_u8(columns, slots), (uint8_t)p->group));
    if (p->stride == 1) {
        if (p->saturated) {
            saturated_1(rows);
        } else {
            clamped_1(rows);
        }
    } else if (p->saturated) {
        saturated_2(rows);
    } else {
        clamped_2(rows);
    }
}

static void convolve(const params_t *p, const int8_t *input, const int8_t *records,
                     int32_t channels, int8_t *plane, int8_t *output)
{
    const int32_t step = p->stride == 1 ? 2 : 1;
    const int32_t taps = p->stride == 1 ? 4 : 3;
    int32_t loaded = 0;
    rows_t rows;

    begin(p, &rows);
    for (int32_t i = 0; i < p->output_height; i += step) {
        /* An odd last row goes with the one before it once more. */
        const int32_t row = i + step > p->output_height ? p->output_height - step : i;
        const int32_t top = row * p->stride;
        for (; loaded < top + taps; loaded++) {
            load_row(p, input, loaded - p->padding_top, channels, plane + (loaded & 3) * p->group);
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
