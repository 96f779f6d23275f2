/* Of aligned words eight at a time, else four. r7 may be the frame's. */
#include "copy_dsp.h"

typedef struct {
    uint32_t word[4];
} __attribute__((packed)) block;

typedef struct {
    uint32_t word;
} __attribute__((packed)) single;

void qmcu_copy_bytes(int8_t *to, const int8_t *from, int32_t count)
{
    if ((((uintptr_t)to | (uintptr_t)from) & 3u) == 0) {
        for (; count >= 32; count -= 32) {
            __asm volatile("ldm %[from]!, {r3-r6, r8-r10, r12}\n\t"
                           "stm %[to]!, {r3-r6, r8-r10, r12}"
                           : [to] "+r"(to), [from] "+r"(from)
                           :
                           : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "memory");
        }
    }
    for (; count >= 16; count -= 16) {
        *(block *)(void *)to = *(const block *)(const void *)from;
        to += 16;
        from += 16;
    }
    for (; count >= 4; count -= 4) {
        *(single *)(void *)to = *(const single *)(const void *)from;
        to += 4;
        from += 4;
    }
    for (; count > 0; --count) {
        *to++ = *from++;
    }
}

void qmcu_fill_bytes(int8_t *to, int32_t value, int32_t count)
{
    const uint32_t word = ((uint32_t)value & 0xFFu) * 0x01010101u;
    const block filled = {{word, word, word, word}};
    for (; count >= 16; count -= 16) {
        *(block *)(void *)to = filled;
        to += 16;
    }
    for (; count >= 4; count -= 4) {
        ((single *)(void *)to)->word = word;
        to += 4;
    }
    for (; count > 0; --count) {
        *to++ = (int8_t)value;
    }
}
