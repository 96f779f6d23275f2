#include "baud.h"

#include "board.h"
#include "port.h"

enum { TRIAL_SECONDS = 2, TROUBLE_LIMIT = 16, SLOWEST = 1200, FASTEST = 20000000 };

static enum { FIRST, TRIAL, KEPT } state;
static uint32_t raised; /* the rate when it is not the first one */
static uint64_t since;
static uint32_t trouble; /* framing errors and damaged frames since the last whole frame */

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

uint32_t qmcu_baud_reached(uint32_t baud)
{
    if (baud == QMCU_UART_BAUD || baud < SLOWEST || baud > FASTEST) {
        return baud == QMCU_UART_BAUD ? baud : 0;
    }
    const uint32_t reached = qmcu_port_nearest_baud(baud);
    const uint32_t off = reached > baud ? reached - baud : baud - reached;
    /* A fiftieth at most, without a division. */
    return off < baud && off * 50 <= baud ? reached : 0;
}

void qmcu_baud_set(uint32_t baud)
{
    if (state != FIRST && baud == raised) {
        state = KEPT;
    } else if (state != FIRST || baud != QMCU_UART_BAUD) {
        qmcu_port_set_baud(baud);
        state = baud == QMCU_UART_BAUD ? FIRST : TRIAL;
        raised = baud;
        since = qmcu_port_cycles();
    }
    trouble = 0;
}

void qmcu_baud_frame(bool whole)
{
    trouble = whole ? 0 : trouble + 1;
}

void qmcu_baud_watch(void)
{
    if (state == FIRST) {
        return;
    }
    if (qmcu_port_framing_error()) {
        ++trouble;
    }
    const uint64_t limit = (uint64_t)TRIAL_SECONDS * qmcu_port_clock_hz();
    if (trouble >= TROUBLE_LIMIT || (state == TRIAL && qmcu_port_cycles() - since > limit)) {
        qmcu_baud_set(QMCU_UART_BAUD);
    }
}
