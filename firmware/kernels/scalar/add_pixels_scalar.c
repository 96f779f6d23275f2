#include "add_pixels_scalar.h"

#include "pair_scalar.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#if defined(__ARM_ARCH_6M__)

/* r12 the end of the columns, lr that of those that are left of fours and come first. */
__attribute__((naked)) void qmcu_add_pixels_scalar(qmcu_added_pixels *added)
{
    __asm(
        ".syntax unified\n\t"
        "push {r4-r7, lr}\n\t"
        "mov r4, r8\n\t"
        "mov r5, r9\n\t"
        "mov r6, r10\n\t"
        "mov r7, r11\n\t"
        "push {r0, r4-r7}\n"
        "0: ldr r7, [sp]\n\t"
        "ldr r4, [r7, #16]\n\t"
        "ldm r4!, {r0-r3}\n\t"
        "lsls r5, r1, #16\n\t"
        "adds r0, r0, r5\n\t"
        "mov r8, r0\n\t"
        "mov r10, r1\n\t"
        "lsls r5, r3, #16\n\t"
        "adds r2, r2, r5\n\t"
        "mov r9, r2\n\t"
        "mov r11, r3\n\t"
        "ldr r0, [r7]\n\t"
        "ldr r6, [r7, #4]\n\t"
        "ldr r1, [r7, #8]\n\t"
        "lsls r4, r6, #4\n\t"
        "adds r4, r4, r0\n\t"
        "mov r12, r4\n\t"
        "movs r3, #128\n\t"
        "lsls r3, r3, #8\n\t"
        "movs r4, #3\n\t"
        "ands r4, r6\n\t"
        "beq 2f\n\t"
        "lsls r4, r4, #4\n\t"
        "adds r4, r4, r0\n\t"
        "mov lr, r4\n"
        "1:\n\t" PAIR("0", "1") "adds r1, #2\n\t"
        "cmp r0, lr\n\t"
        "bne 1b\n\t"
        "cmp r0, r12\n\t"
        "beq 3f\n"
        "2:\n\t" PAIR("0", "1") PAIR("2", "3") PAIR("4", "5") PAIR("6", "7") "adds r1, #8\n\t"
        "cmp r0, r12\n\t"
        "bne 2b\n"
        "3: mov r1, r10\n\t"
        "lsls r5, r1, #16\n\t"
        "mov r0, r8\n\t"
        "subs r0, r0, r5\n\t"
        "mov r3, r11\n\t"
        "lsls r5, r3, #16\n\t"
        "mov r2, r9\n\t"
        "subs r2, r2, r5\n\t"
        "ldr r7, [sp]\n\t"
        "ldr r4, [r7, #16]\n\t"
        "stm r4!, {r0-r3}\n\t"
        "str r4, [r7, #16]\n\t"
        "ldr r0, [r7, #8]\n\t"
        "ldr r1, [r7, #12]\n\t"
        "adds r0, r0, r1\n\t"
        "str r0, [r7, #8]\n\t"
        "ldr r0, [r7, #20]\n\t"
        "subs r0, #1\n\t"
        "str r0, [r7, #20]\n\t"
        "beq 4f\n\t"
        "b 0b\n"
        "4: pop {r0, r4-r7}\n\t"
        "mov r8, r4\n\t"
        "mov r9, r5\n\t"
        "mov r10, r6\n\t"
        "mov r11, r7\n\t"
        "pop {r4-r7, pc}");
}

#elif defined(__ARM_ARCH_7M__)

/* The sums in r2, r12, r3 and lr, as PAIR has them. */
__attribute__((naked)) void qmcu_add_pixels_scalar(qmcu_added_pixels *added)
{
    __asm(
        "push {r4-r11, lr}\n\t"
        "mov r10, r0\n"
        "0: ldr r7, [r10, #16]\n\t"
        "ldrd r2, r12, [r7]\n\t"
        "ldrd r3, lr, [r7, #8]\n\t"
        "ldrd r0, r11, [r10]\n\t"
        "ldr r1, [r10, #8]\n\t"
        "add r2, r2, r12, lsl #16\n\t"
        "sub r2, r2, r11, lsl #15\n\t"
        "add r3, r3, lr, lsl #16\n\t"
        "sub r3, r3, r11, lsl #15\n\t"
        "mov r9, #32768\n\t"
        "subs r11, r11, #4\n\t"
        "blt 2f\n"
        "1:\n\t" PAIR PAIR PAIR PAIR "subs r11, r11, #4\n\t"
        "bge 1b\n"
        "2: adds r11, r11, #4\n\t"
        "beq 4f\n"
        "3:\n\t" PAIR "subs r11, r11, #1\n\t"
        "bne 3b\n"
        "4: sub r2, r2, r12, lsl #16\n\t"
        "sub r3, r3, lr, lsl #16\n\t"
        "ldrd r7, r0, [r10, #16]\n\t"
        "strd r2, r12, [r7], #8\n\t"
        "strd r3, lr, [r7], #8\n\t"
        "ldrd r1, r4, [r10, #8]\n\t"
        "adds r1, r1, r4\n\t"
        "str r1, [r10, #8]\n\t"
        "subs r0, r0, #1\n\t"
        "strd r7, r0, [r10, #16]\n\t"
        "bne 0b\n\t"
        "pop {r4-r11, pc}");
}

#else

void qmcu_add_pixels_scalar(qmcu_added_pixels *added)
{
    for (; added->count > 0; --added->count) {
        const uint32_t *from = added->columns;
        const int8_t *filter = added->filter;
        for (int32_t pair = added->pairs; pair > 0; --pair, from += 4, filter += 2) {
            const uint32_t v = (uint32_t)filter[0], w = (uint32_t)filter[1];
            for (int32_t i = 0; i < 2; ++i) {
                const uint32_t product = from[i] * v + from[2 + i] * w;
                const uint32_t high = (uint32_t)((int32_t)(product + (1u << 15)) >> 16);
                added->sums[2 * i] += product - (high << 16);
                added->sums[2 * i + 1] += high;
            }
        }
        added->sums += 4;
        added->filter += added->filter_step;
    }
}

#endif
