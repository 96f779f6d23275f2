/* The cycle counter that the board file names. */
#ifndef QMCU_COUNTER_CHOICE_H
#define QMCU_COUNTER_CHOICE_H

#include "board.h"

#if QMCU_COUNTER_IS_SYSTICK
#include "counter_systick.h"
#define QMCU_COUNTER_KIND QMCU_COUNTER_SYSTICK
#else
#include "counter_dwt.h"
#define QMCU_COUNTER_KIND QMCU_COUNTER_DWT
#endif

#endif
