#ifndef QMCU_STACK_H
#define QMCU_STACK_H

#include <stdbool.h>
#include <stdint.h>

/* Fills the unused stack with a pattern. */
void qmcu_stack_paint(void);

/* Bytes of stack used below the caller since the last painting: the high-water mark. */
uint32_t qmcu_stack_used(void);

/* True when the last word of the stack is no longer the pattern: more was used than there is. */
bool qmcu_stack_overflowed(void);

#endif
