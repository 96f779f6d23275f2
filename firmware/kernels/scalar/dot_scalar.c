#include "dot_scalar.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#if defined(__ARM_ARCH_6M__)

/* r0 to r3 are the ends of the four, r5 that of the one, r4 the place from -count up to 0; the sums
   are in r8 to r11. A byte takes 14 instructions for four products; rounds of four, the first entered
   so that the others are whole. */
#define PRODUCT(FROM, SUM)         \
    "ldrsb r7, [" FROM ", r4]\n\t" \
    "muls r7, r6\n\t"              \
    "add " SUM ", r7\n\t"
#define BYTE                                                                              \
    "ldrsb r6, [r5, r4]\n\t" PRODUCT("r0", "r8") PRODUCT("r1", "r9") PRODUCT("r2", "r10") \
        PRODUCT("r3", "r11") "adds r4, #1\n\t"
#define BYTE_CODE "28"

__attribute__((naked)) void qmcu_dot_scalar(const int8_t *one, const int8_t *four, int32_t step,
                                            int32_t count, uint32_t sums[4])
{
    __asm(".syntax unified\n\t"
          "push {r4-r7, lr}\n\t"
          "mov r4, r8\n\t"
          "mov r5, r9\n\t"
          "mov r6, r10\n\t"
          "mov r7, r11\n\t"
          "push {r4-r7}\n\t"
          "ldr r4, [sp, #36]\n\t"
          "ldm r4, {r4-r7}\n\t"
          "mov r8, r4\n\t"
          "mov r9, r5\n\t"
          "mov r10, r6\n\t"
          "mov r11, r7\n\t"
          "adds r5, r0, r3\n\t"
          "rsbs r4, r3, #0\n\t"
          "adds r0, r1, r3\n\t"
          "movs r6, #3\n\t"
          "ands r6, r4\n\t"
          "adds r1, r0, r2\n\t"
          "adds r3, r1, r2\n\t"
          "adds r2, r3, r2\n\t"
          "movs r7, #" BYTE_CODE "\n\t"
          "muls r6, r7\n\t"
          "adr r7, 1f\n\t"
          "adds r6, r6, r7\n\t"
          "movs r7, r3\n\t"
          "movs r3, r2\n\t"
          "movs r2, r7\n\t"
          "mov pc, r6\n\t"
          ".p2align 2\n"
          "1:\n\t" BYTE BYTE BYTE BYTE "bne 1b\n\t"
          "ldr r0, [sp, #36]\n\t"
          "mov r4, r8\n\t"
          "mov r5, r9\n\t"
          "mov r6, r10\n\t"
          "mov r7, r11\n\t"
          "stm r0!, {r4-r7}\n\t"
          "pop {r4-r7}\n\t"
          "mov r8, r4\n\t"
          "mov r9, r5\n\t"
          "mov r10, r6\n\t"
          "mov r11, r7\n\t"
          "pop {r4-r7, pc}");
}

#elif defined(__ARM_ARCH_7M__)

/* r4 to r6 the second to the fourth, r8 to r11 the sums: 9 instructions a byte and four products. */
#define PRODUCT(FROM, SUM)         \
    "ldrsb r7, [" FROM "], #1\n\t" \
    "mla " SUM ", r7, r12, " SUM "\n\t"
#define BYTE                                                                               \
    "ldrsb r12, [r0], #1\n\t" PRODUCT("r1", "r8") PRODUCT("r4", "r9") PRODUCT("r5", "r10") \
        PRODUCT("r6", "r11")

__attribute__((naked)) void qmcu_dot_scalar(const int8_t *one, const int8_t *four, int32_t step,
                                            int32_t count, uint32_t sums[4])
{
    __asm("push {r4-r11, lr}\n\t"
          "ldr r4, [sp, #36]\n\t"
          "ldm r4, {r8-r11}\n\t"
          "adds r4, r1, r2\n\t"
          "adds r5, r4, r2\n\t"
          "adds r6, r5, r2\n\t"
          "subs r3, r3, #8\n\t"
          "blt 2f\n"
          "1:\n\t" BYTE BYTE BYTE BYTE BYTE BYTE BYTE BYTE "subs r3, r3, #8\n\t"
          "bge 1b\n"
          "2: adds r3, r3, #8\n\t"
          "beq 4f\n"
          "3:\n\t" BYTE "subs r3, r3, #1\n\t"
          "bne 3b\n"
          "4: ldr r4, [sp, #36]\n\t"
          "stm r4, {r8-r11}\n\t"
          "pop {r4-r11, pc}");
}

#else

void qmcu_dot_scalar(const int8_t *one, const int8_t *four, int32_t step, int32_t count,
                     uint32_t sums[4])
{
    for (int32_t i = 0; i < 4; ++i) {
        for (int32_t k = 0; k < count; ++k) {
            sums[i] += (uint32_t)(one[k] * four[i * step + k]);
        }
    }
}

#endif
