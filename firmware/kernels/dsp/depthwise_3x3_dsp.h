#ifndef QMCU_DEPTHWISE_3X3_DSP_H
#define QMCU_DEPTHWISE_3X3_DSP_H
#include <stdint.h>
/* One channel. upper[j] is 2 * (w0j, w1j), lower[j] is 2 * (w1j, w2j) as halfwords, interleaved;
 * bias is doubled. */
typedef struct {
    uint32_t weights[6];
    int32_t bias, multiplier, rounding, shift;
} qmcu_depthwise_channel;

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t depth; /* a multiple of 4 */
    int32_t output_height;
    int32_t output_width; /* at least 2 */
    int32_t stride;       /* 1 or 2, both ways */
    int32_t padding_top;  /* 0 or 1, like padding_left */
    int32_t padding_left;
    int32_t input_zero_point;
} qmcu_depthwise_3x3_dsp_params;
/* 3x3, channel multiplier 1. scratch: 64 * ((output_width - 1) * stride + 3) bytes. The output may
 * be the input. */
void qmcu_depthwise_3x3_dsp(const qmcu_depthwise_3x3_dsp_params *params, const int8_t *input,
                            const int32_t *channels, void *scratch, int8_t *output);

/* Constants of four channels, from the first of them on, out of packed ones. */
typedef void qmcu_depthwise_unpack(const int32_t *channels, int32_t first,
                                   qmcu_depthwise_channel four[4]);
/* The same with packed channels, of which four are unpacked at a time. */
void qmcu_depthwise_3x3_unpacked_dsp(const qmcu_depthwise_3x3_dsp_params *params,
                                     const int8_t *input, const int32_t *channels, void *scratch,
                                     int8_t *output, qmcu_depthwise_unpack *unpack);
#endif
