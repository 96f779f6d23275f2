#ifdef __ARM_ARCH_6M__
#include "small.h"
#endif

#include "outputs_scalar.h"

#include "uses_scalar.h"

#if defined(__ARM_ARCH_7M__)

#include <stddef.h>

/* The assembly reads them by their places. */
#define PLACE(FIELD, OFFSET) \
    _Static_assert(offsetof(qmcu_outputs, FIELD) == (OFFSET), "the place of " #FIELD)
PLACE(input, 0);
PLACE(channels, 12);
PLACE(output, 28);
PLACE(limits, 32);
PLACE(fours, 44);

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define TEXT_OF(VALUE) #VALUE
#define TEXT(VALUE) TEXT_OF(VALUE)
#define ROUND TEXT(QMCU_OUTPUTS_ROUND)

/* r0 is the vector, r1 and r4 to r6 the filters, r8 to r11 the sums: 9 instructions a byte and four
   products. */
#define PRODUCT(FROM, SUM)         \
    "ldrsb r7, [" FROM "], #1\n\t" \
    "mla " SUM ", r7, r12, " SUM "\n\t"
#define BYTE                                                                               \
    "ldrsb r12, [r0], #1\n\t" PRODUCT("r1", "r8") PRODUCT("r4", "r9") PRODUCT("r5", "r10") \
        PRODUCT("r6", "r11")

/* Outputs: r0 the multiplier, r7 the shift, r8 the sum; r1 to r6 where those of the next one are, their
   step, the output, the zero point and whether the limits are narrower than bytes; r9 and r10 the sum
   times twice the multiplier, which is 2^32 less as a signed number: the sum in the upper word makes
   good for that, its sign for ties. */
__attribute__((naked)) void qmcu_outputs_scalar(qmcu_outputs *outputs)
{
    /* clang-format off */
    __asm(
        "push {r4-r11, lr}\n\t"
        "mov lr, r0\n"
        "0: ldm lr, {r0, r1, r3, r7}\n\t"
        "ldm r7!, {r8-r11}\n\t"
        "str r7, [lr, #12]\n\t"
        "adds r4, r1, r3\n\t"
        "adds r5, r4, r3\n\t"
        "adds r6, r5, r3\n\t"
        "subs r3, r3, #" ROUND "\n\t"
        QMCU_WHERE(LAST_VALUES, "blt 2f\n")
        "1:\n\t" QMCU_TIMES(OUTPUTS_ROUND, BYTE) "subs r3, r3, #" ROUND "\n\t"
        "bge 1b\n"
        QMCU_WHERE(LAST_VALUES, "2: adds r3, r3, #" ROUND "\n\t"
            "beq 4f\n"
            "3:\n\t" BYTE "subs r3, r3, #1\n\t"
            "bne 3b\n")
        "4: str r6, [lr, #4]\n\t"
        "push {r8-r11}\n\t"
        "add r0, lr, #16\n\t"
        "ldm r0, {r1-r5}\n\t"
        QMCU_WHERE(NARROW_OUTPUT_LIMITS, "ldrd r6, r7, [lr, #36]\n\t"
            "adds r6, r6, #128\n\t"
            "subs r7, r7, #127\n\t"
            "orrs r6, r6, r7\n\t")
        "add r11, r4, #4\n"
        "5: ldr r8, [sp], #4\n\t"
        "ldr r0, [r1]\n\t"
        "ldrsb r7, [r2]\n\t"
        "add r1, r1, r3, lsl #2\n\t"
        "adds r2, r2, r3\n\t"
        QMCU_WHERE(LARGE_OUTPUT_MULTIPLIERS, "cmp r7, #0\n\t"
            "bge 8f\n\t")
        "mvns r7, r7\n\t"
        "lsls r0, r0, #1\n\t"
        "mov r9, #0x80000000\n\t"
        "add r10, r8, r8, asr #31\n\t"
        "smlal r9, r10, r8, r0\n\t"
        "asr r10, r10, r7\n\t"
        "add r10, r10, #1\n\t"
        "add r10, r5, r10, asr #1\n"
        "6: ssat r8, #8, r10\n\t"
        QMCU_WHERE(NARROW_OUTPUT_LIMITS, "cbnz r6, 9f\n")
        "7: strb r8, [r4], #1\n\t"
        "cmp r4, r11\n\t"
        "bne 5b\n\t"
        "strd r1, r2, [lr, #16]\n\t"
        "str r4, [lr, #28]\n\t"
        "ldr r0, [lr, #44]\n\t"
        "subs r0, r0, #1\n\t"
        "str r0, [lr, #44]\n\t"
        "bne 0b\n\t"
        "pop {r4-r11, pc}\n"
        QMCU_WHERE(LARGE_OUTPUT_MULTIPLIERS,
            /* A multiplier of 1/2 or more, or 0. */
            "8: lsl r8, r8, r7\n\t"
            "cmp r0, #0\n\t"
            "it eq\n\t"
            "moveq r8, #0\n\t"
            "lsls r0, r0, #1\n\t"
            "mov r9, #0x80000000\n\t"
            "mov r10, r8\n\t"
            "smlal r9, r10, r8, r0\n\t"
            "add r10, r10, r5\n\t"
            "b 6b\n")
        QMCU_WHERE(NARROW_OUTPUT_LIMITS,
            "9: ldrd r9, r10, [lr, #36]\n\t"
            "cmp r8, r9\n\t"
            "it lt\n\t"
            "movlt r8, r9\n\t"
            "cmp r8, r10\n\t"
            "it gt\n\t"
            "movgt r8, r10\n\t"
            "b 7b"));
    /* clang-format on */
}

#else

#include "dot_scalar.h"

/* A shift of a layer of the image, where the compiler cannot see that none is to the left. */
static inline int32_t known(int32_t shift)
{
    if (!QMCU_USES_LARGE_OUTPUT_MULTIPLIERS && shift >= 0) {
        __builtin_unreachable();
    }
    return shift;
}

void qmcu_outputs_scalar(qmcu_outputs *outputs)
{
    const qmcu_output_limits limits = outputs->limits;
    const int32_t depth = outputs->depth, step = outputs->channels.step;
    const int32_t *bias = outputs->channels.bias, *multiplier = outputs->channels.multipliers;
    const int8_t *shift = outputs->channels.shifts;
    int8_t *output = outputs->output;
    for (; outputs->fours > 0; --outputs->fours) {
        uint32_t sums[4];
        for (int32_t i = 0; i < 4; ++i) {
            sums[i] = (uint32_t)*bias++;
        }
        qmcu_dot_scalar(outputs->input, outputs->weights, depth, depth, sums);
        outputs->weights += 4 * depth;
        for (const uint32_t *sum = sums, *const end = sums + 4; sum != end; ++sum) {
            *output++ = qmcu_scalar_output(*sum, *multiplier, known(*shift), &limits);
            multiplier += step;
            shift += step;
        }
    }
    outputs->channels.bias = bias;
    outputs->channels.multipliers = multiplier;
    outputs->channels.shifts = shift;
    outputs->output = output;
}

#endif
