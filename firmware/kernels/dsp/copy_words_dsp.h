#ifndef QMCU_COPY_WORDS_DSP_H
#define QMCU_COPY_WORDS_DSP_H

#include "copy.h"

typedef qmcu_copy_params qmcu_copy_words_dsp_params;

/* As qmcu_copy. */
void qmcu_copy_words_dsp(const qmcu_copy_words_dsp_params *params, const int8_t *input,
                         int8_t *output);

#endif
