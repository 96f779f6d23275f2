#include "columns_four_dsp.h"

#include "dsp.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

/* GE says for each byte where SEL takes it from: bytes 1 and 3 from its first operand. 22 instructions
   for 16 values. r0 columns, r1 from, r2 step, r3 words left, r4 3 * step, r5 the 128s; on the stack the
   window's rows, words and skip. */
__attribute__((naked)) void qmcu_columns_four_dsp(uint32_t *columns, const int8_t *from,
                                                  int32_t step, const qmcu_four_window *window)
{
    __asm("push {r4-r11, lr}\n\t"
          "ldm r3, {r4-r6}\n\t"
          "push {r4-r6}\n\t"
          "mov r4, #0x80008000\n\t"
          "uadd8 r5, r4, r4\n\t"
          "mov r5, #0x80808080\n\t"
          "add r4, r2, r2, lsl #1\n"
          "1: ldr r3, [sp, #4]\n"
          "2: ldr r7, [r1, r2]\n\t"
          "ldr r8, [r1, r2, lsl #1]\n\t"
          "ldr r12, [r1, r4]\n\t"
          "ldr r6, [r1], #4\n\t"
          "eor lr, r5, r6, lsr #8\n\t"
          "sel r9, r7, lr\n\t"
          "eor r6, r5, r6\n\t"
          "lsl lr, r7, #8\n\t"
          "sel r6, lr, r6\n\t"
          "eor lr, r5, r7, lsr #8\n\t"
          "sel r10, r8, lr\n\t"
          "eor r7, r5, r7\n\t"
          "lsl lr, r8, #8\n\t"
          "sel r7, lr, r7\n\t"
          "eor lr, r5, r8, lsr #8\n\t"
          "sel r11, r12, lr\n\t"
          "eor r8, r5, r8\n\t"
          "lsl lr, r12, #8\n\t"
          "sel r8, lr, r8\n\t"
          "stm r0!, {r6-r11}\n\t"
          "subs r3, r3, #1\n\t"
          "bne 2b\n\t"
          "ldr r3, [sp]\n\t"
          "ldr lr, [sp, #8]\n\t"
          "add r1, r1, lr\n\t"
          "subs r3, r3, #1\n\t"
          "str r3, [sp]\n\t"
          "bne 1b\n\t"
          "add sp, sp, #12\n\t"
          "pop {r4-r11, pc}");
}

/* As the first of two columns in halfwords. */
static void write_low(uint32_t *to, const int8_t *from, const qmcu_four_window *window)
{
    int32_t rows = window->rows;
    do {
        int32_t words = window->words;
        do {
            const uint32_t values = qmcu_load_word(from) ^ 0x80808080u;
            to[0] = qmcu_uxtb16(values);
            to[3] = qmcu_uxtb16_odd(values);
            from += 4;
            to += 6;
        } while (--words);
        from += window->skip;
    } while (--rows);
}

/* As the second, beside the first. */
static void write_high(uint32_t *to, const int8_t *from, const qmcu_four_window *window)
{
    int32_t rows = window->rows;
    do {
        int32_t words = window->words;
        do {
            const uint32_t values = qmcu_load_word(from);
            to[0] |= (values << 8) & 0xFF00FF00u;
            to[3] |= values & 0xFF00FF00u;
            from += 4;
            to += 6;
        } while (--words);
        from += window->skip;
    } while (--rows);
}

void qmcu_column_of_four_dsp(uint32_t *columns, const int8_t *from, int32_t column,
                             const qmcu_four_window *window)
{
    if (column < 3) {
        write_low(columns + column, from, window);
    }
    if (column > 0) {
        write_high(columns + column - 1, from, window);
    }
}
