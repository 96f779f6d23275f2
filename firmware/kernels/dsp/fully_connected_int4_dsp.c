/* 4 filters x 1 input, straight from bytes; weights as int4_dsp.h says. 34 instructions for 32
   products. */
#include "fully_connected_int4_dsp.h"

#include "dsp.h"
#include "int4_dsp.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define STEP_CODE 136
#define DIGITS(X, W)                                                                   \
    "smlad r7, " X ", " W                                                              \
    ", r7\n\t" QMCU_INT4_NEXT_12(W) "smlad r6, " X ", " W ", r6\n\t" QMCU_INT4_NEXT_8( \
        W) "smlad r5, " X ", " W ", r5\n\t" QMCU_INT4_NEXT_4(W) "smlad r4, " X ", " W ", r4\n\t"
#define STEP                                                                         \
    "ldm.w r0!, {r8, r10}\n\t"                                                       \
    "ldm.w r1!, {r2, r3, r12, lr}\n\t"                                               \
    "sxtb16 r9, r8, ror #8\n\t"                                                      \
    "sxtb16 r8, r8\n\t"                                                              \
    "sxtb16 r11, r10, ror #8\n\t"                                                    \
    "sxtb16 r10, r10\n\t" DIGITS("r8", "r2") DIGITS("r9", "r3") DIGITS("r10", "r12") \
        DIGITS("r11", "lr")
#define OUTPUT(SUM) \
    "lsls " SUM ", " SUM ", r8\n\t" QMCU_INT4_OUTPUT(SUM, "r2", "r3", "r9", "r10", "[r0], #1")

/* What stays the same for all filters; x16 is -16 times the sum of the values. */
typedef struct {
    const int8_t *input, *input_end;
    int32_t first_round, x16;
    const int32_t *requantization;
} int4_row;

/* On the stack: input, its end, where the first round starts, -16 X, requantization, sums, output,
   count. */
__attribute__((naked)) static void multiply_quads(const int4_row *row, const int16_t *weights,
                                                  const int32_t *sums, int8_t *output,
                                                  int32_t count)
{
    /* clang-format off */
    __asm(
        "push {r4-r11, lr}\n\t"
        "ldr r11, [sp, #36]\n\t"
        "ldm r0, {r4-r8}\n\t"
        "adr.w r9, 2f\n\t"
        "sub r6, r9, r6\n\t"
        "orr r6, r6, #1\n\t"
        "mov r9, r2\n\t"
        "mov r10, r3\n\t"
        "push {r4-r11}\n"
        "0: ldr r0, [sp]\n\t"
        "ldr r2, [sp, #20]\n\t"
        "ldm r2!, {r4-r7}\n\t"
        "str r2, [sp, #20]\n\t"
        "ldr pc, [sp, #8]\n\t"
        ".p2align 2\n"
        "1:\n\t"
        STEP STEP STEP STEP
        "2: ldr r2, [sp, #4]\n\t"
        "cmp r0, r2\n\t"
        "bne.w 1b\n\t"
        "ldrd r2, r3, [sp, #12]\n\t"
        QMCU_INT4_SUMS("r4", "r5", "r6", "r7", "r2")
        "ldr r0, [sp, #24]\n\t"
        "ldm r3, {r3, r8, r9, r10}\n\t"
        OUTPUT("r4") OUTPUT("r5") OUTPUT("r6") OUTPUT("r7")
        "ldr r2, [sp, #28]\n\t"
        "str r0, [sp, #24]\n\t"
        "subs r2, r2, #1\n\t"
        "str r2, [sp, #28]\n\t"
        "bne.w 0b\n\t"
        "add sp, sp, #32\n\t"
        "pop {r4-r11, pc}");
    /* clang-format on */
}
#pragma GCC diagnostic pop

/* -16 times the sum of a row of the input. What is read beyond it meets halfwords of zero: it may be
   output, which changes meanwhile. */
static int32_t sum_row(const int8_t *from, int32_t count)
{
    const uint32_t minus_16 = 0xFFF0FFF0u;
    int32_t sum = 0;
    for (; count >= 4; count -= 4) {
        const uint32_t word = qmcu_load_word(from);
        sum = qmcu_smlad(qmcu_sxtb16(word), minus_16, sum);
        sum = qmcu_smlad(qmcu_sxtb16_odd(word), minus_16, sum);
        from += 4;
    }
    for (; count > 0; --count) {
        sum -= 16 * *from++;
    }
    return sum;
}

void qmcu_fully_connected_int4_dsp(const qmcu_fully_connected_int4_dsp_params *p,
                                   const int8_t *input, const int16_t *weights, const int32_t *sums,
                                   int8_t *output)
{
    const int32_t whole = p->output_depth / 4, left = p->output_depth % 4;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *const end = input + 8 * p->steps;
        const int4_row row = {input, end, (((p->steps - 1) & 3) + 1) * STEP_CODE,
                              sum_row(input, p->input_depth), &p->multiplier};
        if (whole) {
            multiply_quads(&row, weights, sums, output, whole);
        }
        output += 4 * whole;
        if (left) {
            int8_t last[4];
            multiply_quads(&row, weights + 8 * p->steps * whole, sums + 4 * whole, last, 1);
            /* Of a loop, GCC makes a call of memcpy, which is as large as all of this. */
            output[0] = last[0];
            if (left > 1) {
                output[1] = last[1];
            }
            if (left > 2) {
                output[2] = last[2];
            }
            output += left;
        }
        input += p->input_depth;
    }
}
