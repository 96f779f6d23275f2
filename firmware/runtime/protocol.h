#ifndef QMCU_PROTOCOL_H
#define QMCU_PROTOCOL_H

#include <stdint.h>

enum { QMCU_STACK_OVERFLOW = 0x100 };

/* What a crash leaves behind; the order is that of the FAULT payload. */
typedef struct {
    uint32_t cause;
    uint32_t pc;
    uint32_t lr;
    uint32_t sp;
    uint32_t xpsr;
    uint32_t cfsr;
    uint32_t hfsr;
    uint32_t mmfar;
    uint32_t bfar;
} qmcu_fault;

/* Announces READY, then answers requests for ever. */
void qmcu_protocol_run(void) __attribute__((noreturn));

/* Takes one byte of a frame, or its closing zero, and answers when the frame is whole. */
void qmcu_protocol_receive(uint8_t byte);

/* Forgets the frame that is being received. */
void qmcu_protocol_reset(void);

/* After an inference on a painted stack: reports a fault if it needed more than there is. */
void qmcu_protocol_check_stack(void);

/* Sends a FAULT frame for the request that is being worked on, and stops. */
void qmcu_protocol_fault(const qmcu_fault *fault) __attribute__((noreturn));

#endif
