/* The bit rate that host and firmware agree on, and the way back when it does not hold
   (docs/PROTOCOL.md, "Bit rate"). */
#ifndef QMCU_BAUD_H
#define QMCU_BAUD_H

#include <stdbool.h>
#include <stdint.h>

/* The rate in bit/s that comes of asking for `baud`: within 2 % of it, or 0. */
uint32_t qmcu_baud_reached(uint32_t baud);

/* Goes to `baud`, on trial; asked for the present rate, stays there. All answers are sent first. */
void qmcu_baud_set(uint32_t baud);

/* A frame ended, whole or damaged. */
void qmcu_baud_frame(bool whole);

/* To be called while waiting: goes back to the first rate when the present one does not hold. */
void qmcu_baud_watch(void);

#endif
