/* Four filters of int8 times one or two columns of int16: of two 14 instructions for 8 products on
   Cortex-M3, of one 18 for 4 on Cortex-M0+. */
#include "quads_s16_scalar.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* r3 values, taken four a round and then one; KEEP and TAKE store and load it. */
#define LOOP(STEP, ROUND, TAKE, KEEP)                                      \
    "subs r3, #4\n\t"                                                      \
    "blt 2f\n"                                                             \
    "1: " KEEP STEP("0") STEP("1") STEP("2") STEP("3") ROUND("4") TAKE     \
    "subs r3, #4\n\t"                                                      \
    "bge 1b\n"                                                             \
    "2: adds r3, #4\n\t"                                                   \
    "beq 4f\n"                                                             \
    "3: " KEEP STEP("0") ROUND("1") TAKE                                   \
    "subs r3, #1\n\t"                                                      \
    "bne 3b\n"                                                             \
    "4: "

#if defined(__ARM_ARCH_7M__)

/* r0 the column, r1 how far behind it the other one is, r2 weights; r4 to r11 the sums: of each
   filter that of the column and that of the other. */
#define FILTER(FIRST, SECOND)               \
    "ldrsb r3, [r2], #1\n\t"                \
    "mla " FIRST ", r3, r12, " FIRST "\n\t" \
    "mla " SECOND ", r3, lr, " SECOND "\n\t"
#define VALUE(AT)            \
    "ldrsh lr, [r0, r1]\n\t"  \
    "ldrsh r12, [r0], #2\n\t" \
    FILTER("r4", "r5") FILTER("r6", "r7") FILTER("r8", "r9") FILTER("r10", "r11")
#define NOTHING(COUNT)

static __attribute__((naked, noinline)) void
dot(const int16_t *column, int32_t other, const int8_t *weights, int32_t depth, int32_t *sums)
{
    __asm("push {r3-r11, lr}\n\t"
          "ldr r12, [sp, #40]\n\t"
          "ldm r12, {r4-r11}\n\t"
          LOOP(VALUE, NOTHING, "ldr r3, [sp]\n\t", "str r3, [sp]\n\t")
          "ldr r12, [sp, #40]\n\t"
          "stm r12, {r4-r11}\n\t"
          "pop {r3-r11, pc}");
}

/* Two filters, r8 values from each other: r4 to r7 the sums. */
#define VALUE_OF_TWO(AT)             \
    "ldrsh lr, [r0, r1]\n\t"         \
    "ldrsh r12, [r0], #2\n\t"        \
    "ldrsb r10, [r2, r8]\n\t"        \
    "ldrsb r9, [r2], #1\n\t"         \
    "mla r4, r9, r12, r4\n\t"        \
    "mla r5, r9, lr, r5\n\t"         \
    "mla r6, r10, r12, r6\n\t"       \
    "mla r7, r10, lr, r7\n\t"

static __attribute__((naked, noinline)) void
dot_of_two(const int16_t *column, int32_t other, const int8_t *weights, int32_t depth,
           int32_t *sums)
{
    __asm("push {r4-r10, lr}\n\t"
          "ldr r12, [sp, #32]\n\t"
          "ldm r12, {r4-r7}\n\t"
          "mov r8, r3\n\t"
          LOOP(VALUE_OF_TWO, NOTHING, "", "")
          "ldr r12, [sp, #32]\n\t"
          "stm r12, {r4-r7}\n\t"
          "pop {r4-r10, pc}");
}

/* One filter: r4 and r5 the sums. */
#define VALUE_OF_ONE(AT)             \
    "ldrsh lr, [r0, r1]\n\t"         \
    "ldrsh r12, [r0], #2\n\t"        \
    "ldrsb r6, [r2], #1\n\t"         \
    "mla r4, r6, r12, r4\n\t"        \
    "mla r5, r6, lr, r5\n\t"

static __attribute__((naked, noinline)) void
dot_of_one(const int16_t *column, int32_t other, const int8_t *weights, int32_t depth,
           int32_t *sums)
{
    __asm("push {r4-r6, lr}\n\t"
          "ldr r12, [sp, #16]\n\t"
          "ldm r12, {r4, r5}\n\t"
          LOOP(VALUE_OF_ONE, NOTHING, "", "")
          "ldr r12, [sp, #16]\n\t"
          "stm r12, {r4, r5}\n\t"
          "pop {r4-r6, pc}");
}

/* Of one filter and the column alone: r0 the sum, r1 the column. */
#define SINGLE(AT)                   \
    "ldrsh r12, [r1], #2\n\t"        \
    "ldrsb lr, [r2], #1\n\t"         \
    "mla r0, lr, r12, r0\n\t"

static __attribute__((naked, noinline)) int32_t
single(int32_t sum, const int16_t *column, const int8_t *weights, int32_t depth)
{
    __asm("push {lr}\n\t"
          LOOP(SINGLE, NOTHING, "", "")
          "pop {pc}");
}

/* Of the column alone: r1 the weight, lr the value, r4 to r7 the sums. */
#define WITH_ONE(SUM)             \
    "ldrsb r1, [r2], #1\n\t"      \
    "mla " SUM ", r1, lr, " SUM "\n\t"
#define ONE(AT) "ldrsh lr, [r0], #2\n\t" WITH_ONE("r4") WITH_ONE("r5") WITH_ONE("r6") WITH_ONE("r7")

static __attribute__((naked, noinline)) void
dot_one(const int16_t *column, int32_t other, const int8_t *weights, int32_t depth, int32_t *sums)
{
    __asm("push {r4-r7, lr}\n\t"
          "ldr r12, [sp, #20]\n\t"
          "ldm r12, {r4-r7}\n\t"
          LOOP(ONE, NOTHING, "", "")
          "stm r12, {r4-r7}\n\t"
          "pop {r4-r7, pc}");
}

#elif defined(__ARM_ARCH_6M__)

/* r0 the column, r2 weights, r8 to r11 the sums; `other` is not used. */
#define FILTER(SUM, AT)          \
    "ldrb r5, [r2, #" AT "]\n\t" \
    "sxtb r5, r5\n\t"            \
    "muls r5, r4\n\t"            \
    "add " SUM ", r5\n\t"
#define VALUE(AT)                  \
    "ldrh r4, [r0, #2*" AT "]\n\t" \
    "sxth r4, r4\n\t"              \
    FILTER("r8", "4*" AT) FILTER("r9", "4*" AT "+1")                                           \
    FILTER("r10", "4*" AT "+2") FILTER("r11", "4*" AT "+3")
#define ADVANCE(COUNT)          \
    "adds r0, #2*" COUNT "\n\t" \
    "adds r2, #4*" COUNT "\n\t"

static __attribute__((naked, noinline)) void
dot_one(const int16_t *column, int32_t other, const int8_t *weights, int32_t depth, int32_t *sums)
{
    __asm(".syntax unified\n\t"
          "push {r4-r7, lr}\n\t"
          "mov r4, r8\n\t"
          "mov r5, r9\n\t"
          "mov r6, r10\n\t"
          "mov r7, r11\n\t"
          "push {r4-r7}\n\t"
          "ldr r1, [sp, #36]\n\t"
          "ldm r1!, {r4-r7}\n\t"
          "mov r8, r4\n\t"
          "mov r9, r5\n\t"
          "mov r10, r6\n\t"
          "mov r11, r7\n\t"
          LOOP(VALUE, ADVANCE, "", "")
          "mov r4, r8\n\t"
          "mov r5, r9\n\t"
          "mov r6, r10\n\t"
          "mov r7, r11\n\t"
          "subs r1, #16\n\t"
          "stm r1!, {r4-r7}\n\t"
          "pop {r4-r7}\n\t"
          "mov r8, r4\n\t"
          "mov r9, r5\n\t"
          "mov r10, r6\n\t"
          "mov r11, r7\n\t"
          "pop {r4-r7, pc}");
}

#else

static void dot(const int16_t *column, int32_t other, const int8_t *weights, int32_t depth,
                int32_t *sums)
{
    const int16_t *const second = (const int16_t *)((uintptr_t)column + (uintptr_t)(intptr_t)other);
    for (int32_t i = 0; i < 4 * depth; ++i) {
        sums[2 * (i % 4)] += column[i / 4] * weights[i];
        sums[2 * (i % 4) + 1] += second[i / 4] * weights[i];
    }
}

static void dot_of_two(const int16_t *column, int32_t other, const int8_t *weights, int32_t depth,
                       int32_t *sums)
{
    const int16_t *const second = (const int16_t *)((uintptr_t)column + (uintptr_t)(intptr_t)other);
    for (int32_t i = 0; i < depth; ++i) {
        sums[0] += column[i] * weights[i];
        sums[1] += second[i] * weights[i];
        sums[2] += column[i] * weights[depth + i];
        sums[3] += second[i] * weights[depth + i];
    }
}

static void dot_of_one(const int16_t *column, int32_t other, const int8_t *weights, int32_t depth,
                       int32_t *sums)
{
    const int16_t *const second = (const int16_t *)((uintptr_t)column + (uintptr_t)(intptr_t)other);
    for (int32_t i = 0; i < depth; ++i) {
        sums[0] += column[i] * weights[i];
        sums[1] += second[i] * weights[i];
    }
}

static void dot_one(const int16_t *column, __attribute__((unused)) int32_t other,
                    const int8_t *weights, int32_t depth, int32_t *sums)
{
    for (int32_t i = 0; i < 4 * depth; ++i) {
        sums[i % 4] += column[i / 4] * weights[i];
    }
}

#endif
#pragma GCC diagnostic pop

/* (sum * multiplier + 2^31) >> 32 of a multiplier of 15 bits shifted to the left. */
static inline int32_t scaled(int32_t sum, int32_t multiplier)
{
#if defined(__ARM_ARCH_6M__)
    /* As qmcu_scalar_high_multiply; where bl is not 0, bh is at most 2^15 - 2. */
    const int32_t ah = sum >> 16, bh = multiplier >> 16;
    const uint32_t al = (uint16_t)sum, bl = (uint16_t)multiplier;
    const int32_t t = ah * (int32_t)bl + (int32_t)(al * bl >> 16);
    const int32_t u = (uint16_t)t + (int32_t)al * bh;
    return ah * bh + (t >> 16) + ((u + (1 << 15)) >> 16);
#else
    return (int32_t)(((int64_t)sum * multiplier + (1u << 31)) >> 32);
#endif
}

static inline int16_t output_of(const qmcu_quads_s16 *quads, int32_t sum, int32_t multiplier)
{
    const int32_t minimum = quads->activation_minimum, maximum = quads->activation_maximum;
    const int32_t value = scaled(sum, multiplier);
    return (int16_t)(value < minimum ? minimum : value > maximum ? maximum : value);
}

#if QMCU_COLUMNS_S16_SCALAR == 2
typedef void dot_function(const int16_t *column, int32_t other, const int8_t *weights,
                          int32_t depth, int32_t *sums);

/* `count` filters times both columns, the outputs of the other `step` values further. */
static inline __attribute__((always_inline)) void
both(const qmcu_quads_s16 *quads, int32_t step, const int16_t *column, const int16_t *other,
     const int8_t *weights, const int32_t *bias, const int32_t *multipliers, int16_t *output,
     int32_t count, dot_function *products)
{
    int32_t sums[8];
    for (int32_t i = 0; i < 2 * count; ++i) {
        sums[i] = bias[i / 2];
    }
    const uintptr_t distance = (uintptr_t)other - (uintptr_t)column;
    products(column, (int32_t)distance, weights, quads->depth, sums);
    for (int32_t i = 0; i < count; ++i) {
        output[i] = output_of(quads, sums[2 * i], multipliers[i]);
        output[step + i] = output_of(quads, sums[2 * i + 1], multipliers[i]);
    }
}

static void four_of_two(const qmcu_quads_s16 *quads, int32_t step, const int16_t *column, const int16_t *other,
                        const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                        int16_t *output)
{
    both(quads, step, column, other, weights, bias, multipliers, output, 4, dot);
}

static void two_of_two(const qmcu_quads_s16 *quads, int32_t step, const int16_t *column, const int16_t *other,
                       const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                       int16_t *output)
{
    both(quads, step, column, other, weights, bias, multipliers, output, 2, dot_of_two);
}

static void one_of_two(const qmcu_quads_s16 *quads, int32_t step, const int16_t *column, const int16_t *other,
                       const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                       int16_t *output)
{
    both(quads, step, column, other, weights, bias, multipliers, output, 1, dot_of_one);
}
#endif

#if !defined(__ARM_ARCH_7M__)
/* A filter by itself. */
static int32_t single(int32_t sum, const int16_t *column, const int8_t *weights, int32_t depth)
{
    for (int32_t fours = depth / 4; fours > 0; --fours) {
        sum += column[0] * weights[0];
        sum += column[1] * weights[1];
        sum += column[2] * weights[2];
        sum += column[3] * weights[3];
        column += 4;
        weights += 4;
    }
    for (int32_t rest = depth % 4; rest > 0; --rest) {
        sum += *column++ * *weights++;
    }
    return sum;
}
#endif

void qmcu_runs_s16_scalar(const qmcu_quads_s16 *quads, const qmcu_runs_s16 *runs,
                          const int16_t *image, const int8_t *weights, const int32_t *bias,
                          const int32_t *multipliers, int16_t *output)
{
    for (int32_t left = quads->outputs; left > 0;) {
        const int32_t beside = left >= 4 ? 4 : 1;
        int32_t sums[4];
        for (int32_t i = 0; i < beside; ++i) {
            sums[i] = bias[i];
        }
        const int8_t *filters = weights + beside * runs->filter_first;
        const int16_t *values = image;
        for (int32_t row = runs->rows; row > 0; --row) {
            if (beside == 4) {
                dot_one(values, 0, filters, runs->length, sums);
            } else {
                sums[0] = single(sums[0], values, filters, runs->length);
            }
            values += runs->image_row;
            filters += beside * runs->filter_row;
        }
        for (int32_t i = 0; i < beside; ++i) {
            *output++ = output_of(quads, sums[i], multipliers[i]);
        }
        weights += beside * runs->depth;
        bias += beside;
        multipliers += beside;
        left -= beside;
    }
}

static inline __attribute__((always_inline)) void
quads_by(const qmcu_quads_s16 *quads, __attribute__((unused)) int32_t step, const int16_t *column,
         __attribute__((unused)) const int16_t *other, const int8_t *weights, const int32_t *bias,
         const int32_t *multipliers, int16_t *output)
{
    int32_t left = quads->outputs;
#if QMCU_COLUMNS_S16_SCALAR == 2
    if (other) {
        for (; left >= 4; left -= 4) {
            four_of_two(quads, step, column, other, weights, bias, multipliers, output);
            weights += 4 * quads->depth;
            bias += 4;
            multipliers += 4;
            output += 4;
        }
        if (left >= 2) {
            two_of_two(quads, step, column, other, weights, bias, multipliers, output);
            weights += 2 * quads->depth;
            bias += 2;
            multipliers += 2;
            output += 2;
            left -= 2;
        }
        if (left) {
            one_of_two(quads, step, column, other, weights, bias, multipliers, output);
        }
        return;
    }
#endif
    for (; left >= 4; left -= 4) {
        int32_t sums[4] = {bias[0], bias[1], bias[2], bias[3]};
        dot_one(column, 0, weights, quads->depth, sums);
        for (int32_t i = 0; i < 4; ++i) {
            *output++ = output_of(quads, sums[i], *multipliers++);
        }
        weights += 4 * quads->depth;
        bias += 4;
    }
    for (; left > 0; --left) {
        const int32_t sum = single(*bias++, column, weights, quads->depth);
        *output++ = output_of(quads, sum, *multipliers++);
        weights += quads->depth;
    }
}

void qmcu_quads_s16_scalar(const qmcu_quads_s16 *quads, const int16_t *column, const int16_t *other,
                           const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                           int16_t *output)
{
    quads_by(quads, quads->outputs, column, other, weights, bias, multipliers, output);
}

void qmcu_quads_of_groups_s16_scalar(const qmcu_quads_s16 *quads, int32_t step,
                                     const int16_t *column, const int16_t *other,
                                     const int8_t *weights, const int32_t *bias,
                                     const int32_t *multipliers, int16_t *output)
{
    quads_by(quads, step, column, other, weights, bias, multipliers, output);
}
