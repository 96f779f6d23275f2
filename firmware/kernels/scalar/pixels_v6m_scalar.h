/* pixels_scalar.h for Cortex-M0 and M0+. */
#ifndef QMCU_PIXELS_V6M_SCALAR_H
#define QMCU_PIXELS_V6M_SCALAR_H

#include "pixels_scalar.h"
#include "uses_scalar.h"

/* r0 to r3 are the ends of the windows' runs, r5 that of the filter's, r4 the place in the run from
   -run up to 0, lr the step, r12 row_step; the sums are in r8 to r11. A byte takes 14 instructions for
   four products. Rounds of eight, the first of a run entered so that the others are whole. */
#define PRODUCT(FROM, SUM)         \
    "ldrsb r7, [" FROM ", r4]\n\t" \
    "muls r7, r6\n\t"              \
    "add " SUM ", r7\n\t"
#define BYTE                                                                              \
    "ldrsb r6, [r5, r4]\n\t" PRODUCT("r0", "r8") PRODUCT("r1", "r9") PRODUCT("r2", "r10") \
        PRODUCT("r3", "r11") "add r4, lr\n\t"
#define BYTE_CODE "28"

/* qmcu_scalar_output of SUM by the multiplier r0 * 2^16 + r1, r2 = -1 - shift, r3 = 2 * zero point + 1,
   limits lr and r12, in place. The last bit that a shift drops is its carry: it rounds u / 2^15. */
#define OUTPUT(SUM)        \
    "mov r4, " SUM "\n\t"  \
    "uxth r5, r4\n\t"      \
    "asrs r4, r4, #16\n\t" \
    "movs r6, r5\n\t"      \
    "muls r6, r1\n\t"      \
    "lsrs r6, r6, #16\n\t" \
    "movs r7, r4\n\t"      \
    "muls r7, r1\n\t"      \
    "adds r6, r6, r7\n\t"  \
    "muls r4, r0\n\t"      \
    "asrs r7, r6, #16\n\t" \
    "adds r4, r4, r7\n\t"  \
    "lsls r4, r4, #1\n\t"  \
    "uxth r6, r6\n\t"      \
    "muls r5, r0\n\t"      \
    "adds r5, r5, r6\n\t"  \
    "lsrs r5, r5, #15\n\t" \
    "adcs r4, r5\n\t"      \
    "mov r5, " SUM "\n\t"  \
    "asrs r5, r5, #31\n\t" \
    "adds r4, r4, r5\n\t"  \
    "asrs r4, r2\n\t"      \
    "adds r4, r4, r3\n\t"  \
    "asrs r4, r4, #1\n\t"  \
    "cmp r4, r12\n\t"      \
    "ble 7f\n\t"           \
    "mov r4, r12\n"        \
    "7: cmp r4, lr\n\t"    \
    "bge 7f\n\t"           \
    "mov r4, lr\n"         \
    "7: mov " SUM ", r4\n\t"

/* On the stack: rows left, -run, where the first round begins, pixels, parts left, filter_row_step. */
__attribute__((naked)) void qmcu_pixels_scalar(qmcu_pixels *pixels)
{
    /* clang-format off */
    __asm(
        ".syntax unified\n\t"
        "push {r4-r7, lr}\n\t"
        "mov r4, r8\n\t"
        "mov r5, r9\n\t"
        "mov r6, r10\n\t"
        "mov r7, r11\n\t"
        "push {r4-r7}\n\t"
        "sub sp, #28\n\t"
        "str r0, [sp, #12]\n\t"
        QMCU_WHERE(PACKED,
            "ldr r1, [r0, #112]\n\t"
            QMCU_WHERE(DIRECT,
                "cmp r1, #0\n\t"
                "beq 5f\n\t")
            QMCU_WHERE(PAIRS_LEFT,
                "rsbs r1, r1, #0\n\t"
                "movs r2, #3\n\t"
                "ands r1, r2\n\t"
                "ldr r3, [r0, #16]\n\t"
                "subs r3, r3, r1\n\t"
                "subs r3, r3, r1\n\t"
                "str r3, [r0, #16]\n\t"
                "movs r2, #" PAIR_CODE "\n\t"
                "muls r1, r2\n\t"
                "adr r2, 11f\n\t"
                "adds r1, r1, r2\n\t"
                "str r1, [sp, #8]\n\t")
            QMCU_WHERE(DIRECT, "b 0f\n"))
        QMCU_WHERE(DIRECT,
            "5: ldr r1, [r0, #28]\n\t"
            "rsbs r1, r1, #0\n\t"
            "str r1, [sp, #4]\n\t"
            "ldr r1, [r0, #36]\n\t"
            "rsbs r1, r1, #0\n\t"
            "movs r2, #7\n\t"
            "ands r1, r2\n\t"
            "movs r2, #" BYTE_CODE "\n\t"
            "muls r1, r2\n\t"
            "adr r2, 1f\n\t"
            "adds r1, r1, r2\n\t"
            "str r1, [sp, #8]\n\t"
            "ldr r1, [r0, #24]\n\t"
            "str r1, [sp, #20]\n")
        /* A channel. */
        "0: ldr r7, [sp, #12]\n\t"
        "ldr r6, [r7, #60]\n\t"
        "ldm r6!, {r0}\n\t"
        "str r6, [r7, #60]\n\t"
        "ldr r6, [r7, #112]\n\t"
        QMCU_WHERE(PACKED, QMCU_WHERE(DIRECT,
            "cmp r6, #0\n\t"
            "beq 12f\n\t"
            "b 10f\n"))
        QMCU_WHERE(DIRECT,
            "12: mov r8, r0\n\t"
            "mov r9, r0\n\t"
            "mov r10, r0\n\t"
            "mov r11, r0\n\t"
            "ldr r6, [r7, #32]\n\t"
            "mov lr, r6\n\t"
            "ldr r6, [r7, #44]\n\t"
            "str r6, [sp, #16]\n\t"
            "ldr r6, [r7, #40]\n\t"
            "ldm r7!, {r0-r3, r5}\n\t"
            "ldr r7, [r7]\n\t"
            "mov r12, r7\n\t"
            "b 2f\n\t"
            ".p2align 2\n"
            "1:\n\t"
            BYTE BYTE BYTE BYTE BYTE BYTE BYTE BYTE
            "cmp r4, #0\n\t"
            "bne 1b\n\t"
            "ldr r6, [sp]\n\t"
            "subs r6, #1\n\t"
            "beq 3f\n\t"
            "add r0, r12\n\t"
            "add r1, r12\n\t"
            "add r2, r12\n\t"
            "add r3, r12\n\t"
            "ldr r4, [sp, #20]\n\t"
            "adds r5, r5, r4\n"
            "2: str r6, [sp]\n\t"
            "ldr r4, [sp, #4]\n\t"
            "ldr r6, [sp, #8]\n\t"
            "mov pc, r6\n"
            "3: ldr r7, [sp, #12]\n\t"
            "ldr r6, [sp, #16]\n\t"
            "subs r6, #1\n\t"
            "beq 4f\n\t"
            "str r6, [sp, #16]\n\t"
            "ldr r6, [r7, #48]\n\t"
            "adds r0, r0, r6\n\t"
            "adds r1, r1, r6\n\t"
            "adds r2, r2, r6\n\t"
            "adds r3, r3, r6\n\t"
            "ldr r4, [sp, #20]\n\t"
            "adds r5, r5, r4\n\t"
            "ldr r6, [r7, #40]\n\t"
            "b 2b\n")
        QMCU_WHERE(PACKED,
            /* Packed. */
            "10: mov r10, r0\n\t"
            "mov r11, r0\n\t"
            "lsls r3, r0, #16\n\t"
            "adds r3, r3, r0\n\t"
            "mov r8, r3\n\t"
            "mov r9, r3\n\t"
            "ldr r1, [r7, #16]\n\t"
            "ldr r0, [r7, #108]\n\t"
            "lsls r6, r6, #4\n\t"
            "adds r6, r6, r0\n\t"
            "mov r12, r6\n\t"
            "movs r3, #128\n\t"
            "lsls r3, r3, #8\n\t"
            QMCU_WHERE(PAIRS_LEFT,
                "ldr r4, [sp, #8]\n\t"
                "mov pc, r4\n\t"
                ".p2align 2\n")
            "11:\n\t"
            PAIR("0", "1") PAIR("2", "3") PAIR("4", "5") PAIR("6", "7")
            "adds r1, #8\n\t"
            "cmp r0, r12\n\t"
            "bne 11b\n\t"
            "mov r4, r10\n\t"
            "lsls r5, r4, #16\n\t"
            "mov r0, r8\n\t"
            "subs r0, r0, r5\n\t"
            "mov r8, r0\n\t"
            "mov r6, r11\n\t"
            "lsls r5, r6, #16\n\t"
            "mov r1, r9\n\t"
            "subs r1, r1, r5\n\t"
            "mov r9, r4\n\t"
            "mov r10, r1\n\t"
            "ldr r7, [sp, #12]\n")
        /* Its four outputs. */
        "4: ldr r4, [r7, #72]\n\t"
        "ldr r5, [r7, #68]\n\t"
        "movs r6, #0\n\t"
        "ldrsb r2, [r5, r6]\n\t"
        "adds r5, r5, r4\n\t"
        "str r5, [r7, #68]\n\t"
        "ldr r5, [r7, #64]\n\t"
        "ldr r0, [r5]\n\t"
        "lsls r4, r4, #2\n\t"
        "adds r5, r5, r4\n\t"
        "str r5, [r7, #64]\n\t"
        QMCU_WHERE(LARGE_MULTIPLIERS,
            "cmp r2, #0\n\t"
            "blt 5f\n\t"
            "b 8f\n")
        "5: mvns r2, r2\n\t"
        "uxth r1, r0\n\t"
        "lsrs r0, r0, #16\n\t"
        "ldr r3, [r7, #76]\n\t"
        "lsls r3, r3, #1\n\t"
        "adds r3, #1\n\t"
        "ldr r6, [r7, #80]\n\t"
        "mov lr, r6\n\t"
        "ldr r6, [r7, #84]\n\t"
        "mov r12, r6\n\t"
        OUTPUT("r8") OUTPUT("r9") OUTPUT("r10") OUTPUT("r11")
        "ldr r7, [sp, #12]\n\t"
        "adds r7, #88\n\t"
        "ldm r7!, {r0-r3}\n\t"
        "mov r4, r8\n\t"
        "strb r4, [r0]\n\t"
        "mov r4, r9\n\t"
        "strb r4, [r1]\n\t"
        "mov r4, r10\n\t"
        "strb r4, [r2]\n\t"
        "mov r4, r11\n\t"
        "strb r4, [r3]\n"
        "6: adds r0, #1\n\t"
        "adds r1, #1\n\t"
        "adds r2, #1\n\t"
        "adds r3, #1\n\t"
        "subs r7, #16\n\t"
        "stm r7!, {r0-r3}\n\t"
        "ldr r4, [r7]\n\t"
        "subs r4, #1\n\t"
        "beq 9f\n\t"
        "str r4, [r7]\n\t"
        "ldr r7, [sp, #12]\n\t"
        "ldr r4, [r7, #16]\n\t"
        "ldr r5, [r7, #56]\n\t"
        "adds r4, r4, r5\n\t"
        "str r4, [r7, #16]\n\t"
        QMCU_WHERE(DIRECT,
            "ldr r4, [r7, #52]\n\t"
            "cmp r4, #0\n\t"
            "beq 7f\n\t"
            "ldm r7!, {r0-r3}\n\t"
            "adds r0, r0, r4\n\t"
            "adds r1, r1, r4\n\t"
            "adds r2, r2, r4\n\t"
            "adds r3, r3, r4\n\t"
            "subs r7, #16\n\t"
            "stm r7!, {r0-r3}\n")
        "7: b 0b\n"
        QMCU_WHERE(LARGE_MULTIPLIERS,
            /* A multiplier of 1/2 or more: r0, r2 its shift. */
            "8: sub sp, #24\n\t"
            "mov r1, r0\n\t"
            "add r0, sp, #8\n\t"
            "mov r3, r8\n\t"
            "mov r4, r9\n\t"
            "mov r5, r10\n\t"
            "mov r6, r11\n\t"
            "stm r0!, {r3-r6}\n\t"
            "subs r0, #16\n\t"
            "movs r3, r7\n\t"
            "adds r3, #88\n\t"
            "str r3, [sp]\n\t"
            "subs r3, #12\n\t"
            "bl qmcu_store_pixels_scalar\n\t"
            "add sp, #24\n\t"
            "ldr r7, [sp, #12]\n\t"
            "adds r7, #88\n\t"
            "ldm r7!, {r0-r3}\n\t"
            "b 6b\n")
        "9: add sp, #28\n\t"
        "pop {r4-r7}\n\t"
        "mov r8, r4\n\t"
        "mov r9, r5\n\t"
        "mov r10, r6\n\t"
        "mov r11, r7\n\t"
        "pop {r4-r7, pc}");
    /* clang-format on */
}

#endif
