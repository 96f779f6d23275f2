/* 4 filters x 2 columns, weights as int4_dsp.h says: 54 instructions for 64 products. */
#include "multiply_int4_dsp.h"

#include "dsp.h"
#include "int4_dsp.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* r4 to r7 J4 to J of column 0, r8 to r11 of column 1; r2 and r3 two values of each. */
#define PRODUCTS(W, J0, J1)               \
    "smlad " J0 ", r2, " W ", " J0 "\n\t" \
    "smlad " J1 ", r3, " W ", " J1 "\n\t"
#define DIGITS(W)                                                                            \
    PRODUCTS(W, "r7", "r11")                                                                 \
    QMCU_INT4_NEXT_12(W)                                                                     \
    PRODUCTS(W, "r6", "r10") QMCU_INT4_NEXT_8(W) PRODUCTS(W, "r5", "r9") QMCU_INT4_NEXT_4(W) \
        PRODUCTS(W, "r4", "r8")
/* clang-format off */
#define STEP                   \
    "ldm.w r1!, {r12, lr}\n\t" \
    "ldr.n r2, [r0, #4]\n\t"   \
    "ldr.n r3, [r0, #12]\n\t"  \
    DIGITS("r12")              \
    "ldr.n r2, [r0, #16]\n\t"  \
    "ldr.n r3, [r0, #24]\n\t"  \
    DIGITS("lr")               \
    "ldm.w r1!, {r12, lr}\n\t" \
    "ldr.n r2, [r0, #20]\n\t"  \
    "ldr.n r3, [r0, #28]\n\t"  \
    DIGITS("r12")              \
    "ldr.n r3, [r0, #8]\n\t"   \
    "ldr.w r2, [r0], #32\n\t"  \
    DIGITS("lr")
/* clang-format on */
#define OUTPUT(SUM, TO) QMCU_INT4_OUTPUT(SUM, "r1", "r3", "r12", "lr", TO)
#define OUTPUTS(SUM0, SUM1) OUTPUT(SUM1, "[r0, r2]") OUTPUT(SUM0, "[r0], #1")

/* On the stack: weights, output, quads, output_depth, columns, their end, filters (a multiple of 4),
   where the first round starts, -16 X of both columns. */
__attribute__((naked)) static void multiply_quads(const qmcu_multiply_run *run,
                                                  const int16_t *weights, const int32_t *x16)
{
    /* clang-format off */
    __asm(
        "push {r4-r11, lr}\n\t"
        "ldrd r9, r10, [r2]\n\t"
        "ldm r0, {r2-r8}\n\t"
        "adr.w r11, 2f\n\t"
        "sub r8, r11, r8\n\t"
        "orr r8, r8, #1\n\t"
        "push {r1-r10}\n\t"
        "b 0f\n\t"
        ".p2align 2\n"
        "1:\n\t"
        STEP STEP STEP STEP
        "2: ldr r2, [sp, #20]\n\t"
        "cmp r0, r2\n\t"
        "bne.w 1b\n\t"
        "str r1, [sp]\n\t"
        "ldrd r0, r2, [sp, #32]\n\t"
        QMCU_INT4_SUMS("r4", "r5", "r6", "r7", "r0")
        QMCU_INT4_SUMS("r8", "r9", "r10", "r11", "r2")
        "ldrd r0, r1, [sp, #4]\n\t"
        "ldr r2, [sp, #12]\n\t"
        "adds r1, r1, #16\n\t"
        "ldm r1, {r3, r12, lr}\n\t"
        OUTPUTS("r4", "r8")
        "ldr r4, [sp, #8]\n\t"
        "adds r4, r4, #28\n\t"
        "ldm r4!, {r3, r12, lr}\n\t"
        OUTPUTS("r5", "r9")
        "ldm r4!, {r3, r12, lr}\n\t"
        OUTPUTS("r6", "r10")
        "ldm r4!, {r3, r12, lr}\n\t"
        OUTPUTS("r7", "r11")
        "strd r0, r4, [sp, #4]\n\t"
        "ldr r2, [sp, #24]\n\t"
        "subs r2, r2, #4\n\t"
        "beq 4f\n\t"
        "str r2, [sp, #24]\n"
        "0: ldr r1, [sp]\n\t"
        "ldr r2, [sp, #8]\n\t"
        "ldr r0, [sp, #16]\n\t"
        "ldm r2, {r4-r7}\n\t"
        "mov r8, r4\n\t"
        "mov r9, r5\n\t"
        "mov r10, r6\n\t"
        "mov r11, r7\n\t"
        "ldr pc, [sp, #28]\n"
        "4: add sp, sp, #40\n\t"
        "pop {r4-r11, pc}");
    /* clang-format on */
}
#pragma GCC diagnostic pop

/* -16 times the sum of each column's values. */
static inline void sum_columns(const qmcu_multiply_run *run, int32_t x16[2])
{
    const uint32_t minus_16 = 0xFFF0FFF0u;
    int32_t first = 0, second = 0;
    for (const uint32_t *c = run->columns; c != run->columns_end; c += 8) {
        first = qmcu_smlad(c[0], minus_16, first);
        first = qmcu_smlad(c[1], minus_16, first);
        second = qmcu_smlad(c[2], minus_16, second);
        second = qmcu_smlad(c[3], minus_16, second);
        first = qmcu_smlad(c[4], minus_16, first);
        first = qmcu_smlad(c[5], minus_16, first);
        second = qmcu_smlad(c[6], minus_16, second);
        second = qmcu_smlad(c[7], minus_16, second);
    }
    x16[0] = first;
    x16[1] = second;
}

void qmcu_multiply_int4_dsp(const qmcu_multiply_run *run, const int16_t *weights)
{
    const int32_t left = run->filters % 4;
    int32_t x16[2];
    sum_columns(run, x16);
    if (left == 0) {
        multiply_quads(run, weights, x16);
        return;
    }
    const int32_t whole = run->filters - left;
    qmcu_multiply_run part = *run;
    part.filters = whole;
    if (whole) {
        multiply_quads(&part, weights, x16);
    }
    /* The last filters go to a place of their own, with those that fill them up. */
    int8_t last[8];
    const int32_t values = (int32_t)(run->columns_end - run->columns);
    part.output = last;
    part.output_depth = 4;
    part.filters = 4;
    part.pairs = (const qmcu_filter_pair *)((const qmcu_int4_quad *)run->pairs + whole / 4);
    multiply_quads(&part, weights + whole / 4 * values, x16);
    int8_t *const first = run->output + whole, *const second = first + run->output_depth;
    for (int32_t i = left - 1; i >= 0; --i) { /* the second column may be where the first one is */
        second[i] = last[4 + i];
        first[i] = last[i];
    }
}
