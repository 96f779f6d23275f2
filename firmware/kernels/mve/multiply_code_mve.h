/* The assembly that the multipliers for MVE share. */
#ifndef QMCU_MULTIPLY_CODE_MVE_H
#define QMCU_MULTIPLY_CODE_MVE_H

/* A left shift before the multiplication, or a right shift after it; only the latter rounds, away
   from zero: one less for negative values. VSHL by -32 gives 0, by -31 the sign. */
#define QMCU_LEFT(SUMS, MULTIPLIER, SHIFT, RIGHT, SIGN)   \
    "asr " RIGHT ", " SHIFT ", #31\n\t"                   \
    "mvn r2, #31\n\t"                                     \
    "sub r2, r2, " RIGHT "\n\t"                           \
    "and " RIGHT ", " RIGHT ", " SHIFT "\n\t"             \
    "sub " SHIFT ", " SHIFT ", " RIGHT "\n\t"             \
    "vshl.s32 " SUMS ", " SHIFT "\n\t"                    \
    "vqrdmulh.s32 " SUMS ", " SUMS ", " MULTIPLIER "\n\t" \
    "vmov " SIGN ", " SUMS "\n\t"                         \
    "vshl.u32 " SIGN ", r2\n\t"                           \
    "vsub.i32 " SUMS ", " SUMS ", " SIGN "\n\t"           \
    "vrshl.s32 " SUMS ", " RIGHT "\n\t"

/* A step of two filters as bytes. */
#define QMCU_MVE_STEP(ACCUMULATE)              \
    "vldrb.u8 q4, [r9], #16\n\t"               \
    "vldrb.u8 q0, [r1], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r0, q4, q0\n\t"  \
    "vldrb.u8 q1, [r3], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r2, q4, q1\n\t"  \
    "vldrb.u8 q2, [r5], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r4, q4, q2\n\t"  \
    "vldrb.u8 q3, [r7], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r6, q4, q3\n\t"  \
    "vldrb.u8 q5, [r9], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r8, q5, q0\n\t"  \
    "vmladav" ACCUMULATE ".s8 r10, q5, q1\n\t" \
    "vmladav" ACCUMULATE ".s8 r12, q5, q2\n\t" \
    "vmladav" ACCUMULATE ".s8 lr, q5, q3\n\t"

/* The code of qmcu_mve_multiplier.multiply for a STEP of 16 values of two filters; its parameter is
   "a" where it adds to the sums. FIRST begins them; PUSH puts more behind the stack frame of FRAME bytes, CHANNELS
   loads what follows on the sums of two filters.
   r0, r2, r4, r6: sums of filter 0; r8, r10, r12, lr: of filter 1; r1, r3, r5, r7: pixels; r9 the
   weights, r11 the end of the first pixel; q0 to q5 free, q6 offsets, q7 the minimum. The stack frame
   is the first 12 words of the tile. At 4, VRSHL rounds ties up: one less for negative products
   rounds them away from zero. At 5, negative products end at or below the minimum, however they are
   rounded. */
/* clang-format off */
#define QMCU_MVE_MULTIPLY_BY(PUSH, FIRST, STEP, CHANNELS, FRAME) \
    __asm(                                       \
        "push {r4-r11, lr}\n\t"                  \
        "vpush {d8-d15}\n\t"                     \
        "vldrw.u32 q6, [r0, #48]\n\t"            \
        "vldrw.u32 q7, [r0, #64]\n\t"            \
        PUSH                                     \
        "ldm r0, {r1-r12}\n\t"                   \
        "adr.w lr, 1f\n\t"                       \
        "add r6, r6, lr\n\t"                     \
        "orr r6, r6, #1\n\t"                     \
        "adr.w lr, 7f\n\t"                       \
        "ldr r7, [lr, r7, lsl #2]\n\t"           \
        "push {r1-r12}\n\t"                      \
        "mov r9, r12\n\t"                        \
        "0: ldm sp, {r1, r3, r5, r7, r11}\n\t"   \
        FIRST                                    \
        "ldr pc, [sp, #20]\n\t"                  \
        ".balign 4\n\t"                          \
        "1:\n\t"                                 \
        STEP("a") STEP("a") STEP("a") STEP("a")  \
        "cmp r1, r11\n\t"                        \
        "bne 1b\n\t"                             \
        "vmov q0[2], q0[0], r0, r4\n\t"          \
        "vmov q0[3], q0[1], r2, r6\n\t"          \
        "vmov q1[2], q1[0], r8, r12\n\t"         \
        "vmov q1[3], q1[1], r10, lr\n\t"         \
        CHANNELS                                 \
        "vadd.i32 q0, q0, r0\n\t"                \
        "vadd.i32 q1, q1, r2\n\t"                \
        "ldrd r0, r2, [sp, #28]\n\t"             \
        "vdup.16 q3, r2\n\t"                     \
        "ldr pc, [sp, #24]\n\t"                  \
        "4: vqrdmulh.s32 q0, q0, r4\n\t"         \
        "vqrdmulh.s32 q1, q1, r6\n\t"            \
        "vshr.s32 q4, q0, #31\n\t"               \
        "vshr.s32 q5, q1, #31\n\t"               \
        "vadd.i32 q0, q0, q4\n\t"                \
        "vadd.i32 q1, q1, q5\n\t"                \
        "vrshl.s32 q0, r8\n\t"                   \
        "vrshl.s32 q1, r10\n\t"                  \
        "2: vqmovnb.s32 q2, q0\n\t"              \
        "vqmovnt.s32 q2, q1\n\t"                 \
        "vqadd.s16 q2, q2, r0\n\t"               \
        "vmax.s16 q2, q2, q7\n\t"                \
        "vmin.s16 q2, q2, q3\n\t"                \
        "ldrd r0, r2, [sp, #36]\n\t"             \
        "vstrb.16 q2, [r0, q6]\n\t"              \
        "add r0, r0, #2\n\t"                     \
        "str r0, [sp, #36]\n\t"                  \
        "cmp r9, r2\n\t"                         \
        "bne 0b\n\t"                             \
        "add sp, sp, #" FRAME "\n\t"              \
        "vpop {d8-d15}\n\t"                      \
        "pop {r4-r11, pc}\n\t"                   \
        "5: vqrdmulh.s32 q0, q0, r4\n\t"         \
        "vqrdmulh.s32 q1, q1, r6\n\t"            \
        "vrshl.s32 q0, r8\n\t"                   \
        "vrshl.s32 q1, r10\n\t"                  \
        "b 2b\n\t"                               \
        "6:\n\t"                                 \
        QMCU_LEFT("q0", "r4", "r8", "r12", "q4") \
        QMCU_LEFT("q1", "r6", "r10", "lr", "q5") \
        "b 2b\n\t"                               \
        ".balign 4\n\t"                          \
        "7: .word 4b + 1, 5b + 1, 6b + 1\n\t")
/* Of weights whose channels lie behind each two filters. */
#define QMCU_MVE_MULTIPLY(STEP) \
    QMCU_MVE_MULTIPLY_BY("", STEP(""), STEP, "ldm r9!, {r0, r2, r4, r6, r8, r10}\n\t", "48")
/* clang-format on */

#endif
