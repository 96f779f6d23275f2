#ifndef QMCU_WINOGRAD_WEIGHTS_DSP_H
#define QMCU_WINOGRAD_WEIGHTS_DSP_H
#include <stdint.h>
/* G w G^T of a filter's 3x3 bytes, two channels in a word. weights: of each 4 channels 9 words, taps row
   by row. last: position 30 of the first pair of channels; position: (negative) bytes from one
   position to the next; words: of 4 channels. */
void qmcu_winograd_weights_dsp(const int32_t *weights, uint32_t *last, int32_t position,
                               int32_t words);
#endif
