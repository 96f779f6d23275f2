/* int4 weights of four filters in a halfword, as pieces of assembly. All but the last are stored plus
   8, so that masks cut off digit by digit: with X the sum of the values,
     sum3 = (J - J12) / 4096, sum2 = (J12 - J8) / 256 - 8 X, sum1 = (J8 - J4) / 16 - 8 X,
     sum0 = J4 - 8 X
   where J, J12, J8 and J4 are sums of products with the 16, 12, 8 and 4 lower bits. All of it is
   exact mod 2^32 while |sum3| < 2^19 and |sum2 + 8 X| < 2^23. */
#ifndef QMCU_INT4_DSP_H
#define QMCU_INT4_DSP_H

#define QMCU_INT4_NEXT_12(W) "bic " W ", " W ", #0xF000F000\n\t"
#define QMCU_INT4_NEXT_8(W) "uxtb16 " W ", " W "\n\t"
#define QMCU_INT4_NEXT_4(W) "and " W ", " W ", #0x000F000F\n\t"

/* Twice each sum from J4, J8, J12 and J, in place; X16 is -16 X. */
#define QMCU_INT4_SUMS(J4, J8, J12, J, X16)     \
    "sub " J ", " J ", " J12 "\n\t"             \
    "asr " J ", " J ", #11\n\t"                 \
    "sub " J12 ", " J12 ", " J8 "\n\t"          \
    "add " J12 ", " X16 ", " J12 ", asr #7\n\t" \
    "sub " J8 ", " J8 ", " J4 "\n\t"            \
    "add " J8 ", " X16 ", " J8 ", asr #3\n\t"   \
    "add " J4 ", " X16 ", " J4 ", lsl #1\n\t"

/* The output byte of SUM, which is twice the sum. With h = (SUM * multiplier + 2^31) >> 32 and s the
   exponent of the rounding division, rounding is 2^s + (output zero point << (s + 1)) and shift
   s + 1: 2 h leaves room for the sign, which turns ties away from zero, where s is 0 too. */
#define QMCU_INT4_OUTPUT(SUM, H, MULTIPLIER, ROUNDING, SHIFT, TO) \
    "smmulr " H ", " SUM ", " MULTIPLIER "\n\t"                   \
    "add " H ", " ROUNDING ", " H ", lsl #1\n\t"                  \
    "add " H ", " H ", " SUM ", asr #31\n\t"                      \
    "asr " H ", " H ", " SHIFT "\n\t"                             \
    "ssat " H ", #8, " H "\n\t"                                   \
    "strb " H ", " TO "\n\t"

#endif
