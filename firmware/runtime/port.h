/* What a port gives the runtime: one small folder per chip family implements it. */
#ifndef QMCU_PORT_H
#define QMCU_PORT_H

#include <stdbool.h>
#include <stdint.h>

enum { QMCU_COUNTER_NONE = 0, QMCU_COUNTER_DWT = 1, QMCU_COUNTER_SYSTICK = 2 };

/* Clocks, pins, UART, cycle counter. */
void qmcu_port_init(void);

/* Frequency of the core as it really runs, in hertz. */
uint32_t qmcu_port_clock_hz(void);

/* True and a byte when one has been received. */
bool qmcu_port_read(uint8_t *byte);

/* Sends a byte, waiting for room. */
void qmcu_port_write(uint8_t byte);

/* Optional, all three: the rate in bit/s that comes of asking for `baud`, 0 where there is none;
   going there once everything is sent; whether a byte came without its stop bit since the last
   call. */
uint32_t qmcu_port_nearest_baud(uint32_t baud);
void qmcu_port_set_baud(uint32_t baud);
bool qmcu_port_framing_error(void);

/* Cycles since some moment, never running backwards. */
uint64_t qmcu_port_cycles(void);

/* Which counter that is. */
uint8_t qmcu_port_counter(void);

#endif
