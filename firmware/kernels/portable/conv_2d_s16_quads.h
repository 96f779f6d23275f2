#ifndef QMCU_CONV_2D_S16_QUADS_H
#define QMCU_CONV_2D_S16_QUADS_H

#include "quads_s16.h"
#include "window.h"

typedef struct {
    qmcu_window window;
    qmcu_quads_s16 quads; /* a column is a window */
} qmcu_conv_2d_s16_quads_params;

#endif
