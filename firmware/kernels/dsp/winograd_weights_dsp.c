/* With G = (1 0 0; 1 1 1; 1 -1 1; 1 2 4; 1 -2 4; 0 0 1), on halfwords: 148 instructions for the 2 x 36
   values of two channels. */
#include "winograd_weights_dsp.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* A row, G (A B C)^T, to r1 and on, with distance r2; r1 is one position further on after it. */
#define ROW(A, B, C)                  \
    "str " A ", [r1]\n\t"             \
    "sadd16 r0, " A ", " C "\n\t"     \
    "sadd16 r3, r0, " B "\n\t"        \
    "ssub16 r0, r0, " B "\n\t"        \
    "str r3, [r1, r2]\n\t"            \
    "str r0, [r1, r2, lsl #1]\n\t"    \
    "sadd16 r0, " C ", " C "\n\t"     \
    "sadd16 r0, r0, r0\n\t"           \
    "sadd16 r0, r0, " A "\n\t"        \
    "sadd16 r3, " B ", " B "\n\t"     \
    "ssub16 lr, r0, r3\n\t"           \
    "sadd16 r0, r0, r3\n\t"           \
    "str lr, [r1, r2, lsl #2]\n\t"    \
    "add r1, r1, r2\n\t"              \
    "str r0, [r1, r2, lsl #1]\n\t"    \
    "str " C ", [r1, r2, lsl #2]\n\t"
#define NEXT                       \
    "add r1, r1, r2, lsl #2\n\t" \
    "add r1, r1, r2\n\t"
/* OP of r4 to r6 and three others, to r4 to r6 */
#define ALL(OP, D, E, F)             \
    OP " r4, r4, " D "\n\t" \
    OP " r5, r5, " E "\n\t" \
    OP " r6, r6, " F "\n\t"
#define BYTES(REGISTER, ROTATED) "sxtb16 " REGISTER ", " REGISTER ROTATED "\n\t"
#define ALL_BYTES(ROTATED)                                                                   \
    BYTES("r4", ROTATED) BYTES("r5", ROTATED) BYTES("r6", ROTATED) BYTES("r7", ROTATED)      \
    BYTES("r8", ROTATED) BYTES("r9", ROTATED) BYTES("r10", ROTATED) BYTES("r11", ROTATED)    \
    BYTES("r12", ROTATED)
/* T, the sum of the first and last rows, is in r4 to r6: X is W0 + 4 W2 in its place */
#define FOUR_TIMES(T, X)        \
    "sadd16 r0, " X ", " X "\n\t" \
    "sadd16 r0, r0, " X "\n\t"    \
    "sadd16 " X ", r0, " T "\n\t"
#define DOUBLE(X) "sadd16 " X ", " X ", " X "\n\t"

/* s0: weights, s1: last, s2: pairs of channels. */
__attribute__((naked)) void qmcu_winograd_weights_dsp(const int32_t *weights, uint32_t *last,
                                                      int32_t position, int32_t words)
{
    __asm("push {r4-r11, lr}\n\t"
          "lsls r3, r3, #1\n\t"
          "vmov s1, s2, r1, r3\n"
          "1: ldm r0, {r4-r12}\n\t"
          "vmov s0, r0\n\t" ALL_BYTES("")
          "b 3f\n"
          "2: vmov r0, s0\n\t"
          "ldm r0!, {r4-r12}\n\t"
          "vmov s0, r0\n\t" ALL_BYTES(", ror #8")
          "3: vmov r1, s1\n\t" ROW("r10", "r11", "r12")
          "sub r1, r1, r2, lsl #5\n\t"
          "add r1, r1, r2\n\t" ROW("r4", "r5", "r6") NEXT ALL("sadd16", "r10", "r11", "r12")
          FOUR_TIMES("r4", "r10") FOUR_TIMES("r5", "r11") FOUR_TIMES("r6", "r12")
          ALL("sadd16", "r7", "r8", "r9") ROW("r4", "r5", "r6") NEXT
          DOUBLE("r7") DOUBLE("r8") DOUBLE("r9")
          ALL("ssub16", "r7", "r8", "r9") ROW("r4", "r5", "r6") NEXT
          "sadd16 r4, r10, r7\n\t"
          "sadd16 r5, r11, r8\n\t"
          "sadd16 r6, r12, r9\n\t" ROW("r4", "r5", "r6") NEXT
          "ssub16 r4, r10, r7\n\t"
          "ssub16 r5, r11, r8\n\t"
          "ssub16 r6, r12, r9\n\t" ROW("r4", "r5", "r6")
          "vmov r0, r1, s1, s2\n\t"
          "adds r0, r0, #4\n\t"
          "subs r1, r1, #1\n\t"
          "vmov s1, s2, r0, r1\n\t"
          "beq 4f\n\t"
          "vmov r0, s0\n\t"
          "lsls r1, r1, #31\n\t"
          "bne.w 2b\n\t"
          "b.w 1b\n"
          "4: pop {r4-r11, pc}");
}
