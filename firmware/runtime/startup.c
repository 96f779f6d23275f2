/* From reset to main, and from a crash to its report. */
#include "board.h"
#include "protocol.h"

#include <stdint.h>

extern uint32_t qmcu_stack_bottom[];
extern uint32_t qmcu_stack_top[];
extern const uint32_t qmcu_data_load[];
extern uint32_t qmcu_data_start[];
extern uint32_t qmcu_data_end[];
extern uint32_t qmcu_bss_start[];
extern uint32_t qmcu_bss_end[];

int main(void);
void qmcu_reset(void);
void qmcu_crash(void);
void qmcu_report_crash(const uint32_t *frame, uint32_t exception_return) __attribute__((used));
void qmcu_systick(void);

/* A port that counts with SysTick has its own. */
__attribute__((weak)) void qmcu_systick(void)
{
}

__attribute__((section(".vectors"), used)) static const struct {
    const uint32_t *stack;
    void (*exceptions[15])(void);
} vectors = {
    qmcu_stack_top,
    {
        qmcu_reset,
        qmcu_crash, /* NMI */
        qmcu_crash, /* HardFault */
        qmcu_crash, /* MemManage */
        qmcu_crash, /* BusFault */
        qmcu_crash, /* UsageFault */
        qmcu_crash, /* SecureFault */
        0,
        0,
        0,
        qmcu_crash, /* SVCall */
        qmcu_crash, /* DebugMonitor */
        0,
        qmcu_crash, /* PendSV */
        qmcu_systick,
    },
};

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SCB_VTOR REGISTER(0xE000ED08u)
#define SCB_CCR REGISTER(0xE000ED14u)
#define SCB_SHCSR REGISTER(0xE000ED24u)
#define SCB_CFSR REGISTER(0xE000ED28u)
#define SCB_HFSR REGISTER(0xE000ED2Cu)
#define SCB_MMFAR REGISTER(0xE000ED34u)
#define SCB_BFAR REGISTER(0xE000ED38u)
#define SCB_CPACR REGISTER(0xE000ED88u)

void qmcu_reset(void)
{
#if QMCU_CORE_HAS_FPU
    /* Full access to coprocessors 10 and 11 (FPU, MVE), before any code that may use them. */
    SCB_CPACR |= 0xFu << 20;
    __asm volatile("dsb\n\tisb" ::: "memory");
#endif
#ifdef __ARM_ARCH_8M_MAIN__
    __asm volatile("msr msplim, %0" ::"r"(qmcu_stack_bottom));
#endif
    SCB_VTOR = (uint32_t)(uintptr_t)&vectors;
#ifndef __ARM_ARCH_6M__
    SCB_SHCSR |= 7u << 16; /* MemManage, BusFault, UsageFault as themselves */
#endif
    const uint32_t *from = qmcu_data_load;
    for (volatile uint32_t *to = qmcu_data_start; to < qmcu_data_end; ++to) {
        *to = *from++;
    }
    for (volatile uint32_t *to = qmcu_bss_start; to < qmcu_bss_end; ++to) {
        *to = 0;
    }
    main();
    __builtin_unreachable();
}

/* The stack may be what broke: note where it was, then start a new one at its top. */
__attribute__((naked)) void qmcu_crash(void)
{
    __asm volatile("mov r0, sp\n\t"
                   "mov r1, lr\n\t"
#ifdef __ARM_ARCH_8M_MAIN__
                   "movs r2, #0\n\t"
                   "msr msplim, r2\n\t"
#endif
                   "ldr r2, =qmcu_stack_top\n\t"
                   "mov sp, r2\n\t"
                   "ldr r2, =qmcu_report_crash\n\t"
                   "bx r2\n\t"
                   ".ltorg");
}

void qmcu_report_crash(const uint32_t *frame, uint32_t exception_return)
{
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    qmcu_fault fault; /* field by field, for the compiler would call memset for the others */
    fault.sp = (uint32_t)(uintptr_t)frame;
#ifdef __ARM_ARCH_6M__
    fault.cfsr = 0;
    fault.hfsr = 0;
    fault.mmfar = 0;
    fault.bfar = 0;
#else
    fault.cfsr = SCB_CFSR;
    fault.hfsr = SCB_HFSR;
    fault.mmfar = SCB_MMFAR;
    fault.bfar = SCB_BFAR;
#endif
    /* A frame needs eight words, and lies below the top by construction. */
    if (frame < qmcu_stack_bottom || frame + 8 > qmcu_stack_top) {
        fault.cause = QMCU_STACK_OVERFLOW;
        fault.lr = exception_return;
        fault.pc = 0;
        fault.xpsr = 0;
    } else {
        fault.cause = exception & 0x1FFu;
        fault.lr = frame[5];
        fault.pc = frame[6];
        fault.xpsr = frame[7];
    }
    qmcu_protocol_fault(&fault);
}
