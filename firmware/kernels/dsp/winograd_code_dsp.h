/* What both of Winograd's convolutions, of tiles and along rows, share: products of a position. */
#ifndef QMCU_WINOGRAD_CODE_DSP_H
#define QMCU_WINOGRAD_CODE_DSP_H

/* word VALUE of the tile times that of 4 filters */
#define WORD(VALUE)                    \
    "ldm r1!, {r2, r3, r12, lr}\n\t"   \
    "smlad r4, " VALUE ", r2, r4\n\t"  \
    "smlad r5, " VALUE ", r3, r5\n\t"  \
    "smlad r6, " VALUE ", r12, r6\n\t" \
    "smlad r7, " VALUE ", lr, r7\n\t"
#define FIRST                        \
    "ldm r0!, {r8-r11}\n\t"          \
    "ldm r1!, {r2, r3, r12, lr}\n\t" \
    "smuad r4, r8, r2\n\t"           \
    "smuad r5, r8, r3\n\t"           \
    "smuad r6, r8, r12\n\t"          \
    "smuad r7, r8, lr\n\t" WORD("r9") WORD("r10") WORD("r11")
/* 21 instructions for 32 products, QMCU_WINOGRAD_STEP_CODE bytes */
#define STEP "ldm r0!, {r8-r11}\n\t" WORD("r8") WORD("r9") WORD("r10") WORD("r11")

/* A^T m of r2 to r7 in r2, r4, r3 and r7 with A^T = (1 1 1 1 1 0; 0 1 -1 2 -2 0; 0 1 1 4 4 0;
   0 1 -1 8 -8 2). */
#define SUMS_AND_DIFFERENCES     \
    "adds r3, r3, r4\n\t"        \
    "sub r4, r3, r4, lsl #1\n\t" \
    "adds r5, r5, r6\n\t"        \
    "sub r6, r5, r6, lsl #1\n\t" \
    "adds r2, r2, r3\n\t"        \
    "adds r2, r2, r5\n\t"        \
    "add r3, r3, r5, lsl #2\n\t" \
    "add r7, r4, r7, lsl #1\n\t" \
    "add r7, r7, r6, lsl #3\n\t" \
    "add r4, r4, r6, lsl #1\n\t"
/* SUM times the inverse in r8, shifted by SHIFT to twice the sum of products, and
   requantized by r9 (multiplier), r10 (rounding) and r11 (shift). */
#define OUTPUT(SUM, SHIFT, TO)         \
    "mul " SUM ", " SUM ", r8\n\t"     \
    "asrs " SUM ", " SUM ", " SHIFT "\n\t" \
    "smmlar r5, " SUM ", r9, r10\n\t"  \
    "add r5, r5, " SUM ", asr #31\n\t" \
    "asr r5, r5, r11\n\t"              \
    "ssat r5, #8, r5\n\t"              \
    "strb r5, " TO "\n\t"

#endif
