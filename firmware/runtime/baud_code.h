/* The bit rate that host and firmware agree on, and the way back when it does not hold
   (docs/PROTOCOL.md, "Bit rate"). A part of protocol.c. */
#ifndef QMCU_BAUD_CODE_H
#define QMCU_BAUD_CODE_H

#include "board.h"
#include "port.h"
#include "protocol.h"

#include <stdbool.h>
#include <stdint.h>

enum { TRIAL_SECONDS = 2, TROUBLE_LIMIT = 16, SLOWEST = 1200, FASTEST = 20000000 };

static enum { FIRST, TRIAL, KEPT } baud_state;
static uint32_t baud_raised;  /* the rate when it is not the first one */
static uint32_t baud_since;   /* cycles, whose low word is enough: TRIAL_SECONDS are below 2^32 */
static uint32_t baud_trouble; /* framing errors and damaged frames since the last whole frame */

/* A port with one rate only has none of these. */
__attribute__((weak)) uint32_t qmcu_port_nearest_baud(uint32_t baud)
{
    (void)baud;
    return 0;
}

__attribute__((weak)) void qmcu_port_set_baud(uint32_t baud)
{
    (void)baud;
}

__attribute__((weak)) bool qmcu_port_framing_error(void)
{
    return false;
}

/* The rate in bit/s that comes of asking for `baud`: within 2 % of it, or 0. */
static uint32_t baud_reached(uint32_t baud)
{
    if (baud == QMCU_UART_BAUD || baud < SLOWEST || baud > FASTEST) {
        return baud == QMCU_UART_BAUD ? baud : 0;
    }
    const uint32_t reached = qmcu_port_nearest_baud(baud);
    /* A fiftieth more or less, in one comparison and without a division: below FASTEST a rate from 0
       to twice what was asked for does not overflow. */
    return (reached - baud) * 50 + baud <= 2 * baud ? reached : 0;
}

/* Goes to `baud`, on trial; asked for the present rate, stays there. All answers are sent first. */
static void baud_set(uint32_t baud)
{
    if (baud_state != FIRST && baud == baud_raised) {
        baud_state = KEPT;
    } else if (baud_state != FIRST || baud != QMCU_UART_BAUD) {
        qmcu_port_set_baud(baud);
        baud_state = baud == QMCU_UART_BAUD ? FIRST : TRIAL;
        baud_raised = baud;
        baud_since = (uint32_t)qmcu_port_cycles();
    }
    baud_trouble = 0;
}

/* A frame ended, whole or damaged. */
static void baud_frame(bool whole)
{
    baud_trouble = whole ? 0 : baud_trouble + 1;
}

/* To be called while waiting: goes back to the first rate when the present one does not hold. */
QMCU_SHARED void qmcu_baud_watch(void)
{
    if (baud_state == FIRST) {
        return;
    }
    if (qmcu_port_framing_error()) {
        ++baud_trouble;
    }
    const uint32_t limit = TRIAL_SECONDS * qmcu_port_clock_hz();
    if (baud_trouble >= TROUBLE_LIMIT ||
        (baud_state == TRIAL && (uint32_t)qmcu_port_cycles() - baud_since > limit)) {
        baud_set(QMCU_UART_BAUD);
    }
}

#endif
