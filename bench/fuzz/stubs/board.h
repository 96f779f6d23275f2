/* A board for the fuzzer: what the runtime asks of the generated header. */
#ifndef QMCU_BOARD_H
#define QMCU_BOARD_H

#define QMCU_BOARD_NAME "fuzz"
#define QMCU_UART_BAUD 115200u
#define QMCU_DEBUG_PROTOCOL 1
#define QMCU_RELEASE 1
#if SESSIONS
#define QMCU_ACCESS 1
#endif
#define QMCU_BUILD_ID {1, 2, 3}

#endif
