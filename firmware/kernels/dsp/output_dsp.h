/* Requantization as a piece of assembly. */
#ifndef QMCU_OUTPUT_DSP_H
#define QMCU_OUTPUT_DSP_H

/* qmcu_channel_output of SUM, in place. */
#define QMCU_OUTPUT(SUM, MULTIPLIER, ROUNDING, SHIFT) \
    "lsls " SUM ", " SUM ", #1\n\t"                   \
    "smmulr " SUM ", " SUM ", " MULTIPLIER "\n\t"     \
    "add " SUM ", " SUM ", " SUM ", asr #31\n\t"      \
    "add " SUM ", " SUM ", " ROUNDING "\n\t"          \
    "asr " SUM ", " SUM ", " SHIFT "\n\t"             \
    "ssat " SUM ", #8, " SUM "\n\t"

#endif
