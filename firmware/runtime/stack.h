#ifndef QMCU_STACK_H
#define QMCU_STACK_H

#include <stdint.h>

/* Fills the unused stack with a pattern. */
void qmcu_stack_paint(void);

/* Bytes of stack used below the caller since the last painting: the high-water mark. */
uint32_t qmcu_stack_used(void);

#endif
