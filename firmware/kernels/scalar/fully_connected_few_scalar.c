/* Matrix times vector, two outputs at a time and the last one alone. */
#include "fully_connected_few_scalar.h"

#include "output_scalar.h"
#include "uses_scalar.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* sums[i] += sum over k of input[k] * filters[i * count + k], modulo 2^32; count is at least 1. `one` has
   one sum. */
typedef void sums_of(const int8_t *input, const int8_t *filters, int32_t count, uint32_t *sums);

#if defined(__ARM_ARCH_6M__)

/* r0 and r1 are the ends of input and filter, r6 that of the second, r2 the place from -count up to 0;
   r4 and r7 are the sums. 9 instructions for two products. */
#define PRODUCT(FILTER, SUM)             \
    "ldrsb r5, [" FILTER ", r2]\n\t"     \
    "muls r5, r3\n\t"                    \
    "adds " SUM ", " SUM ", r5\n\t"

__attribute__((naked)) static void two_sums(const int8_t *input, const int8_t *filters,
                                            int32_t count, uint32_t *sums)
{
    __asm(".syntax unified\n\t"
          "push {r3-r7, lr}\n\t"
          "ldr r4, [r3]\n\t"
          "ldr r7, [r3, #4]\n\t"
          "adds r0, r0, r2\n\t"
          "adds r1, r1, r2\n\t"
          "adds r6, r1, r2\n\t"
          "rsbs r2, r2, #0\n"
          "1: ldrsb r3, [r0, r2]\n\t" PRODUCT("r1", "r4") PRODUCT("r6", "r7")
          "adds r2, #1\n\t"
          "bne 1b\n\t"
          "ldr r3, [sp]\n\t"
          "str r4, [r3]\n\t"
          "str r7, [r3, #4]\n\t"
          "pop {r3-r7, pc}");
}

__attribute__((naked)) static void one_sum(const int8_t *input, const int8_t *filters,
                                           int32_t count, uint32_t *sums)
{
    __asm(".syntax unified\n\t"
          "push {r3-r5, lr}\n\t"
          "ldr r4, [r3]\n\t"
          "adds r0, r0, r2\n\t"
          "adds r1, r1, r2\n\t"
          "rsbs r2, r2, #0\n"
          "1: ldrsb r3, [r0, r2]\n\t" PRODUCT("r1", "r4")
          "adds r2, #1\n\t"
          "bne 1b\n\t"
          "ldr r3, [sp]\n\t"
          "str r4, [r3]\n\t"
          "pop {r3-r5, pc}");
}

#elif defined(__ARM_ARCH_7M__)

/* r2 counts down, r5 is the second filter, r4 and r7 are the sums. Four values a round, then one at a
   time: 5 instructions for two products, 3 for one. */
#define PRODUCT(FILTER, SUM)               \
    "ldrsb r12, [" FILTER "], #1\n\t"      \
    "mla " SUM ", r6, r12, " SUM "\n\t"
#define ROUNDS(VALUE)                                        \
    "subs r2, r2, #4\n\t"                                    \
    "blt 2f\n"                                               \
    "1:\n\t" VALUE VALUE VALUE VALUE "subs r2, r2, #4\n\t"  \
    "bge 1b\n"                                               \
    "2: adds r2, r2, #4\n\t"                                 \
    "beq 4f\n"                                               \
    "3:\n\t" VALUE "subs r2, r2, #1\n\t"                    \
    "bne 3b\n"

__attribute__((naked)) static void two_sums(const int8_t *input, const int8_t *filters,
                                            int32_t count, uint32_t *sums)
{
    __asm("push {r4-r7, lr}\n\t"
          "ldrd r4, r7, [r3]\n\t"
          "adds r5, r1, r2\n\t"
          ROUNDS("ldrsb r6, [r0], #1\n\t" PRODUCT("r1", "r4") PRODUCT("r5", "r7"))
          "4: strd r4, r7, [r3]\n\t"
          "pop {r4-r7, pc}");
}

__attribute__((naked)) static void one_sum(const int8_t *input, const int8_t *filters,
                                           int32_t count, uint32_t *sums)
{
    __asm("push {r4, r6, lr}\n\t"
          "ldr r4, [r3]\n\t"
          ROUNDS("ldrsb r6, [r0], #1\n\t" PRODUCT("r1", "r4"))
          "4: str r4, [r3]\n\t"
          "pop {r4, r6, pc}");
}

#else

static void one_sum(const int8_t *input, const int8_t *filters, int32_t count, uint32_t *sums)
{
    for (int32_t k = 0; k < count; ++k) {
        *sums += (uint32_t)(input[k] * filters[k]);
    }
}

static void two_sums(const int8_t *input, const int8_t *filters, int32_t count, uint32_t *sums)
{
    one_sum(input, filters, count, sums);
    one_sum(input, filters + count, count, sums + 1);
}

#endif

void qmcu_fully_connected_few_scalar(const qmcu_fully_connected_few_scalar_params *params,
                                     const int8_t *input, const int8_t *weights,
                                     const int32_t *bias, const int32_t *multipliers,
                                     const int8_t *shifts, int8_t *output)
{
    const qmcu_fully_connected_few_scalar_params *const p = params;
    const qmcu_output_limits limits = {p->output_zero_point, p->activation_minimum,
                                       p->activation_maximum};
    const int32_t depth = p->input_depth, step = p->requantization_step;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t channel = 0; channel < p->output_depth;) {
            const int32_t two = QMCU_USES_TWO_OUTPUTS &&
                                (!QMCU_USES_ONE_OUTPUT || p->output_depth - channel > 1);
            const int32_t count = two ? 2 : 1;
            uint32_t sums[2] = {(uint32_t)bias[channel], (uint32_t)bias[channel + count - 1]};
            sums_of *const add = count == 2 ? two_sums : one_sum;
            add(input, weights + channel * depth, depth, sums);
            for (int32_t i = 0; i < count; ++i, ++channel) {
                *output++ = qmcu_scalar_output(sums[i], multipliers[channel * step],
                                               shifts[channel * step], &limits);
            }
        }
        input += depth;
    }
}
