/* Stack high-water mark by painting: what is no longer the pattern was used. */
#include "stack.h"

#define PATTERN 0xA5C35A3Cu

extern uint32_t qmcu_stack_bottom[];

static uint32_t *painted_top;

static uint32_t *stack_pointer(void)
{
    uint32_t *pointer;
    __asm volatile("mov %0, sp" : "=r"(pointer));
    return pointer;
}

__attribute__((noinline)) void qmcu_stack_paint(void)
{
    painted_top = stack_pointer();
    for (volatile uint32_t *word = qmcu_stack_bottom; word < painted_top; ++word) {
        *word = PATTERN;
    }
}

__attribute__((noinline)) uint32_t qmcu_stack_used(void)
{
    const volatile uint32_t *word = qmcu_stack_bottom;
    while (word < painted_top && *word == PATTERN) {
        ++word;
    }
    return (uint32_t)((uintptr_t)painted_top - (uintptr_t)word);
}

bool qmcu_stack_overflowed(void)
{
    return *(volatile uint32_t *)qmcu_stack_bottom != PATTERN;
}
