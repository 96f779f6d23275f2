#ifndef QMCU_PROTOCOL_H
#define QMCU_PROTOCOL_H

#include "board.h"

#include <stdint.h>

/* Causes beside the numbers of exceptions. */
enum {
    QMCU_STACK_OVERFLOW = 0x100,
    QMCU_STACK_SMASHED = 0x101, /* a function's canary was overwritten */
    QMCU_STOPPED = 0x102,       /* reset in the middle of an inference: lr is the layer, from 1 */
    QMCU_FLASH_CHANGED = 0x103, /* the image is no longer what it was at boot */
};

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

/* An image whose firmware obeys another protocol, too, has a benchmark.h. What only that one calls from
   outside is the protocol's own else, and the compiler needs no function for what is called once. */
#if __has_include("benchmark.h")
#define QMCU_SHARED

/* Takes one byte of a frame, or its closing zero, and answers when the frame is whole. */
void qmcu_protocol_receive(uint8_t byte);

/* Forgets the frame that is being received. */
void qmcu_protocol_reset(void);

/* After an inference on a painted stack: reports a fault if it needed more than there is. */
void qmcu_protocol_check_stack(void);

/* To be called while waiting: goes back to the first bit rate when the present one does not hold. */
void qmcu_baud_watch(void);
#else
#define QMCU_SHARED static
#endif

#ifdef QMCU_NO_INFER
/* Firmware without INFER infers by itself: qmcu_application() is the user's, called again and again
   while no request is being answered, and must come back within the watchdog's time. qmcu_infer()
   runs the model on what it put in qmcu_model_inputs, guarded and monitored as INFER is. */
void qmcu_application(void);
void qmcu_infer(void);
#endif

/* Sends a FAULT frame for the request that is being worked on, and stops; a release keeps it for the
   next HELLO and starts anew. */
void qmcu_protocol_fault(const qmcu_fault *fault) __attribute__((noreturn));

#endif
