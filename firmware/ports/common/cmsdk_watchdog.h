/* The watchdog of Arm's CMSDK (its TRM, "APB watchdog"): the first time it ends in an NMI, which is
 * reported as any fault, the second time in a reset. */
#ifndef QMCU_CMSDK_WATCHDOG_H
#define QMCU_CMSDK_WATCHDOG_H

#include "registers.h"

enum { QMCU_WATCHDOG = 0x40008000, QMCU_WATCHDOG_SECONDS = 8 };

static inline void qmcu_watchdog_unlock(void)
{
    QMCU_REGISTER(QMCU_WATCHDOG + 0xC00) = 0x1ACCE551u;
}

static inline void qmcu_watchdog_start(uint32_t clock_hz)
{
    qmcu_watchdog_unlock();
    QMCU_REGISTER(QMCU_WATCHDOG + 0x00) = clock_hz * QMCU_WATCHDOG_SECONDS; /* LOAD: 2e8 */
    QMCU_REGISTER(QMCU_WATCHDOG + 0x08) = 3;                                /* RESEN, INTEN */
}

/* INTCLR loads the counter anew. */
static inline void qmcu_watchdog_feed(void)
{
    QMCU_REGISTER(QMCU_WATCHDOG + 0x0C) = 1;
}

#endif
