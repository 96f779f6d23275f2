/* A firmware of a few bytes for the emulator tests: one command byte, one answer or one crash. */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#ifdef USART1_F746
#define UART 0x40011000u
#define CONTROL REGISTER(UART + 0x00u)
#define STATUS REGISTER(UART + 0x1cu)
#define RECEIVED REGISTER(UART + 0x24u)
#define TRANSMIT REGISTER(UART + 0x28u)
#define ENABLE 0xdu
#elif defined(CMSDK)
#define UART 0x40004000u
#define CONTROL REGISTER(UART + 0x08u)
#define STATUS (REGISTER(UART + 0x04u) << 4 & 0x20u | (REGISTER(UART + 0x04u) & 1u ? 0u : 0x80u))
#define RECEIVED REGISTER(UART + 0x00u)
#define TRANSMIT REGISTER(UART + 0x00u)
#define ENABLE 3u
#else
#define UART 0x40004400u
#define CONTROL REGISTER(UART + 0x0cu)
#define STATUS REGISTER(UART + 0x00u)
#define RECEIVED REGISTER(UART + 0x04u)
#define TRANSMIT REGISTER(UART + 0x04u)
#define ENABLE 0x200cu
#endif

#define RCC_CR REGISTER(0x40023800u)
#define RCC_CFGR REGISTER(0x40023808u)
#define CYCCNT REGISTER(0xe0001004u)
#define CPACR REGISTER(0xe000ed88u)

static uint32_t receive(void) {
    while (!(STATUS & 0x20u)) {
    }
    return RECEIVED & 0xffu;
}

static void transmit(uint32_t byte) {
    while (!(STATUS & 0x80u)) {
    }
    TRANSMIT = byte;
}

static void transmit_word(uint32_t word) {
    for (uint32_t i = 0; i < 4; i++) {
        transmit(word >> 8 * i & 0xffu);
    }
}

__attribute__((noinline)) void bad_read(void) { (void)REGISTER(0x60000010u); }
__attribute__((noinline)) void flash_write(void) { REGISTER(0x08000000u) = 1; }
__attribute__((noinline)) void wild_jump(void) { ((void (*)(void))0x30000001u)(); }
__attribute__((noinline)) void undefined(void) { __asm__ volatile("udf #0"); }
__attribute__((noinline)) void breakpoint(void) { __asm__ volatile("bkpt #0"); }
__attribute__((noinline)) void endless(void) {
    for (;;) {
        __asm__ volatile("nop");
    }
}
__attribute__((noinline)) uint32_t deep(uint32_t n) {
    volatile uint32_t page[64];
    page[n & 63u] = n;
    return deep(n + 1) + page[0];
}
/* 1 + 3 * 1000 instructions between the two reads of the counter, and a fixed remainder. */
__attribute__((noinline)) uint32_t counted(uint32_t rounds) {
    uint32_t before = CYCCNT;
    __asm__ volatile("1: nop\n subs %0, #1\n bne 1b" : "+l"(rounds) : : "cc");
    return CYCCNT - before;
}

static void sink(void) {
    uint32_t length = receive();
    length |= receive() << 8;
    length |= receive() << 16;
    uint32_t sum = 0;
    while (length--) {
        sum = sum * 31u + receive();
    }
    transmit_word(sum);
}

static void command(uint32_t byte) {
    switch (byte) {
    case 'r': bad_read(); break;
    case 'w': flash_write(); break;
    case 'x': wild_jump(); break;
    case 'u': undefined(); break;
    case 'b': breakpoint(); break;
    case 'e': endless(); break;
    case 'd': transmit_word(deep(0)); break;
    case 'c': transmit_word(counted(1000)); break;
    case 'C': transmit_word(counted(2000)); break;
    case 'n': sink(); break;
    case 'f': CPACR = 0; transmit('f'); break;
    default: transmit(byte); break;
    }
}

void reset(void) {
    CPACR |= 0xfu << 20;
#ifdef CMSDK
    REGISTER(UART + 0x10u) = 16;
#else
    RCC_CR |= 1u << 16;
    while (!(RCC_CR & 1u << 17)) {
    }
    RCC_CFGR |= 2u;
    while ((RCC_CFGR & 0xcu) != 8u) {
    }
    transmit('?'); /* lost: the UART is not enabled yet */
#endif
    CONTROL = ENABLE;
    transmit('!');
    for (;;) {
        command(receive());
    }
}

extern uint32_t stack_top[];
__attribute__((section(".vectors"), used)) const void *const vectors[2] = {stack_top, (void *)reset};
