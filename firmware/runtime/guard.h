/* What a release does against damage: the image is checked at boot and again while it works, memory
   is protected, a watchdog runs, and a fault ends in a reset whose reason is kept. */
#ifndef QMCU_GUARD_H
#define QMCU_GUARD_H

#include "protocol.h"

#include <stdbool.h>
#include <stdint.h>

/* What HELLO tells after the board's name; the order is that of its payload. */
typedef struct {
    uint32_t resets;      /* by faults, since power came */
    uint32_t watchdog_ms; /* 0: none runs */
    uint32_t regions;     /* of memory protection, 0: the core has none */
    qmcu_fault fault;     /* the last one, of which the cause is 0 when there was none */
} qmcu_guard_report;

enum { QMCU_SEALED = 1 << 3, QMCU_DAMAGED = 1 << 4 };

/* After the port's start: protection, boot check, watchdog. A damaged image never comes back: it
   answers HELLO, and refuses all else. */
void qmcu_guard_start(void);

/* Before layer `number` of an inference, counted from 1; with 0 when it is done. */
void qmcu_guard_step(uint32_t number);

/* After an inference, before its answer: the next piece of the image is checked. */
void qmcu_guard_check(void);

/* To be called while waiting. */
void qmcu_guard_feed(void);

/* Notes `fault`; true when the port has been started, and can tell of it. */
bool qmcu_guard_keep(const qmcu_fault *fault);

void qmcu_guard_reset(void) __attribute__((noreturn));

/* QMCU_SEALED and QMCU_DAMAGED. */
uint8_t qmcu_guard_flags(void);

const qmcu_guard_report *qmcu_guard_told(void);

/* Of the port, where its chip has one: starts a watchdog, and tells after how many milliseconds
   without feeding it resets the chip; 0: there is none. */
uint32_t qmcu_port_watchdog_start(void);
void qmcu_port_watchdog_feed(void);

#endif
