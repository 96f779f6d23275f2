#include "pixels_scalar.h"

#include <stddef.h>

#if defined(__ARM_ARCH_6M__)

/* r0 to r3 are the ends of the windows' runs, r5 that of the filter's, r4 the place in the run from
   -run up to 0, lr the step, r12 row_step; the sums are in r8 to r11. A byte takes 14 instructions for
   four products. Rounds of eight, the first of a run entered so that the others are whole. */
#define PRODUCT(FROM, SUM)         \
    "ldrsb r7, [" FROM ", r4]\n\t" \
    "muls r7, r6\n\t"              \
    "add " SUM ", r7\n\t"
#define BYTE                                                                              \
    "ldrsb r6, [r5, r4]\n\t" PRODUCT("r0", "r8") PRODUCT("r1", "r9") PRODUCT("r2", "r10") \
        PRODUCT("r3", "r11") "add r4, lr\n\t"
#define BYTE_CODE "28"

/* qmcu_scalar_output of SUM by the multiplier r0 * 2^16 + r1, r2 = -1 - shift, r3 = 2 * zero point + 1,
   limits lr and r12, in place. The last bit that a shift drops is its carry: it rounds u / 2^15. */
#define OUTPUT(SUM)        \
    "mov r4, " SUM "\n\t"  \
    "uxth r5, r4\n\t"      \
    "asrs r4, r4, #16\n\t" \
    "movs r6, r5\n\t"      \
    "muls r6, r1\n\t"      \
    "lsrs r6, r6, #16\n\t" \
    "movs r7, r4\n\t"      \
    "muls r7, r1\n\t"      \
    "adds r6, r6, r7\n\t"  \
    "muls r4, r0\n\t"      \
    "asrs r7, r6, #16\n\t" \
    "adds r4, r4, r7\n\t"  \
    "lsls r4, r4, #1\n\t"  \
    "uxth r6, r6\n\t"      \
    "muls r5, r0\n\t"      \
    "adds r5, r5, r6\n\t"  \
    "lsrs r5, r5, #15\n\t" \
    "adcs r4, r5\n\t"      \
    "mov r5, " SUM "\n\t"  \
    "asrs r5, r5, #31\n\t" \
    "adds r4, r4, r5\n\t"  \
    "asrs r4, r2\n\t"      \
    "adds r4, r4, r3\n\t"  \
    "asrs r4, r4, #1\n\t"  \
    "cmp r4, r12\n\t"      \
    "ble 7f\n\t"           \
    "mov r4, r12\n"        \
    "7: cmp r4, lr\n\t"    \
    "bge 7f\n\t"           \
    "mov r4, lr\n"         \
    "7: mov " SUM ", r4\n\t"

/* The code below reads them by their places. */
#define PLACE(FIELD, OFFSET) \
    _Static_assert(offsetof(qmcu_pixels, FIELD) == (OFFSET), "the place of " #FIELD)
PLACE(windows, 0);
PLACE(filter, 16);
PLACE(row_step, 20);
PLACE(filter_row_step, 24);
PLACE(run, 28);
PLACE(step, 32);
PLACE(taps, 36);
PLACE(rows, 40);
PLACE(parts, 44);
PLACE(part_step, 48);
PLACE(channel_step, 52);
PLACE(filter_step, 56);
PLACE(channels, 60);
PLACE(limits, 76);
PLACE(outputs, 88);
PLACE(count, 104);

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* On the stack: rows left, -run, where the first round begins, pixels, parts left, filter_row_step. */
__attribute__((naked)) void qmcu_pixels_scalar(qmcu_pixels *pixels)
{
    __asm(".syntax unified\n\t"
          "push {r4-r7, lr}\n\t"
          "mov r4, r8\n\t"
          "mov r5, r9\n\t"
          "mov r6, r10\n\t"
          "mov r7, r11\n\t"
          "push {r4-r7}\n\t"
          "sub sp, #28\n\t"
          "str r0, [sp, #12]\n\t"
          "ldr r1, [r0, #28]\n\t"
          "rsbs r1, r1, #0\n\t"
          "str r1, [sp, #4]\n\t"
          "ldr r1, [r0, #36]\n\t"
          "rsbs r1, r1, #0\n\t"
          "movs r2, #7\n\t"
          "ands r1, r2\n\t"
          "movs r2, #" BYTE_CODE "\n\t"
          "muls r1, r2\n\t"
          "adr r2, 1f\n\t"
          "adds r1, r1, r2\n\t"
          "str r1, [sp, #8]\n\t"
          "ldr r1, [r0, #24]\n\t"
          "str r1, [sp, #20]\n"
          /* A channel. */
          "0: ldr r7, [sp, #12]\n\t"
          "ldr r6, [r7, #60]\n\t"
          "ldm r6!, {r0}\n\t"
          "str r6, [r7, #60]\n\t"
          "mov r8, r0\n\t"
          "mov r9, r0\n\t"
          "mov r10, r0\n\t"
          "mov r11, r0\n\t"
          "ldr r6, [r7, #32]\n\t"
          "mov lr, r6\n\t"
          "ldr r6, [r7, #44]\n\t"
          "str r6, [sp, #16]\n\t"
          "ldr r6, [r7, #40]\n\t"
          "ldm r7!, {r0-r3, r5}\n\t"
          "ldr r7, [r7]\n\t"
          "mov r12, r7\n\t"
          "b 2f\n\t"
          ".p2align 2\n"
          "1:\n\t" BYTE BYTE BYTE BYTE BYTE BYTE BYTE BYTE "cmp r4, #0\n\t"
          "bne 1b\n\t"
          "ldr r6, [sp]\n\t"
          "subs r6, #1\n\t"
          "beq 3f\n\t"
          "add r0, r12\n\t"
          "add r1, r12\n\t"
          "add r2, r12\n\t"
          "add r3, r12\n\t"
          "ldr r4, [sp, #20]\n\t"
          "adds r5, r5, r4\n"
          "2: str r6, [sp]\n\t"
          "ldr r4, [sp, #4]\n\t"
          "ldr r6, [sp, #8]\n\t"
          "mov pc, r6\n"
          "3: ldr r7, [sp, #12]\n\t"
          "ldr r6, [sp, #16]\n\t"
          "subs r6, #1\n\t"
          "beq 4f\n\t"
          "str r6, [sp, #16]\n\t"
          "ldr r6, [r7, #48]\n\t"
          "adds r0, r0, r6\n\t"
          "adds r1, r1, r6\n\t"
          "adds r2, r2, r6\n\t"
          "adds r3, r3, r6\n\t"
          "ldr r4, [sp, #20]\n\t"
          "adds r5, r5, r4\n\t"
          "ldr r6, [r7, #40]\n\t"
          "b 2b\n"
          /* Its four outputs. */
          "4: ldr r4, [r7, #72]\n\t"
          "ldr r5, [r7, #68]\n\t"
          "movs r6, #0\n\t"
          "ldrsb r2, [r5, r6]\n\t"
          "adds r5, r5, r4\n\t"
          "str r5, [r7, #68]\n\t"
          "ldr r5, [r7, #64]\n\t"
          "ldr r0, [r5]\n\t"
          "lsls r4, r4, #2\n\t"
          "adds r5, r5, r4\n\t"
          "str r5, [r7, #64]\n\t"
          "cmp r2, #0\n\t"
          "blt 5f\n\t"
          "b 8f\n"
          "5: mvns r2, r2\n\t"
          "uxth r1, r0\n\t"
          "lsrs r0, r0, #16\n\t"
          "ldr r3, [r7, #76]\n\t"
          "lsls r3, r3, #1\n\t"
          "adds r3, #1\n\t"
          "ldr r6, [r7, #80]\n\t"
          "mov lr, r6\n\t"
          "ldr r6, [r7, #84]\n\t"
          "mov r12, r6\n\t" OUTPUT("r8") OUTPUT("r9") OUTPUT("r10")
              OUTPUT("r11") "ldr r7, [sp, #12]\n\t"
                            "adds r7, #88\n\t"
                            "ldm r7!, {r0-r3}\n\t"
                            "mov r4, r8\n\t"
                            "strb r4, [r0]\n\t"
                            "mov r4, r9\n\t"
                            "strb r4, [r1]\n\t"
                            "mov r4, r10\n\t"
                            "strb r4, [r2]\n\t"
                            "mov r4, r11\n\t"
                            "strb r4, [r3]\n"
                            "6: adds r0, #1\n\t"
                            "adds r1, #1\n\t"
                            "adds r2, #1\n\t"
                            "adds r3, #1\n\t"
                            "subs r7, #16\n\t"
                            "stm r7!, {r0-r3}\n\t"
                            "ldr r4, [r7]\n\t"
                            "subs r4, #1\n\t"
                            "beq 9f\n\t"
                            "str r4, [r7]\n\t"
                            "ldr r7, [sp, #12]\n\t"
                            "ldr r4, [r7, #16]\n\t"
                            "ldr r5, [r7, #56]\n\t"
                            "adds r4, r4, r5\n\t"
                            "str r4, [r7, #16]\n\t"
                            "ldr r4, [r7, #52]\n\t"
                            "cmp r4, #0\n\t"
                            "beq 7f\n\t"
                            "ldm r7!, {r0-r3}\n\t"
                            "adds r0, r0, r4\n\t"
                            "adds r1, r1, r4\n\t"
                            "adds r2, r2, r4\n\t"
                            "adds r3, r3, r4\n\t"
                            "subs r7, #16\n\t"
                            "stm r7!, {r0-r3}\n"
                            "7: b 0b\n"
                            /* A multiplier of 1/2 or more: r0, r2 its shift. */
                            "8: sub sp, #24\n\t"
                            "mov r1, r0\n\t"
                            "add r0, sp, #8\n\t"
                            "mov r3, r8\n\t"
                            "mov r4, r9\n\t"
                            "mov r5, r10\n\t"
                            "mov r6, r11\n\t"
                            "stm r0!, {r3-r6}\n\t"
                            "subs r0, #16\n\t"
                            "movs r3, r7\n\t"
                            "adds r3, #88\n\t"
                            "str r3, [sp]\n\t"
                            "subs r3, #12\n\t"
                            "bl qmcu_store_pixels_scalar\n\t"
                            "add sp, #24\n\t"
                            "ldr r7, [sp, #12]\n\t"
                            "adds r7, #88\n\t"
                            "ldm r7!, {r0-r3}\n\t"
                            "b 6b\n"
                            "9: add sp, #28\n\t"
                            "pop {r4-r7}\n\t"
                            "mov r8, r4\n\t"
                            "mov r9, r5\n\t"
                            "mov r10, r6\n\t"
                            "mov r11, r7\n\t"
                            "pop {r4-r7, pc}");
}

#else

#if defined(__ARM_ARCH_7M__)

#define PRODUCT(FROM, SUM)           \
    "ldrsb %[x], [" FROM "], #1\n\t" \
    "mla " SUM ", %[x], %[w], " SUM "\n\t"
#define BYTE                                                                     \
    "ldrsb %[w], [%[f]], #1\n\t" PRODUCT("%[a]", "%[s]") PRODUCT("%[b]", "%[t]") \
        PRODUCT("%[c]", "%[u]") PRODUCT("%[d]", "%[v]")

/* Adds the products of `count` bytes from a filter and of four windows on: 9 instructions a byte. */
static inline void add_run(const int8_t *filter, const int8_t *const windows[4], int32_t count,
                           uint32_t sums[4])
{
    const int8_t *a = windows[0], *b = windows[1], *c = windows[2], *d = windows[3];
    uint32_t s = sums[0], t = sums[1], u = sums[2], v = sums[3];
    int32_t w, x;
    __asm volatile(
        "subs %[n], %[n], #4\n\t"
        "blt 2f\n"
        "1:\n\t" BYTE BYTE BYTE BYTE "subs %[n], %[n], #4\n\t"
        "bge 1b\n"
        "2: adds %[n], %[n], #4\n\t"
        "beq 4f\n"
        "3:\n\t" BYTE "subs %[n], %[n], #1\n\t"
        "bne 3b\n"
        "4:"
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [f] "+r"(filter), [n] "+r"(count),
          [s] "+r"(s), [t] "+r"(t), [u] "+r"(u), [v] "+r"(v), [w] "=&r"(w), [x] "=&r"(x)
        :
        : "cc", "memory");
    sums[0] = s;
    sums[1] = t;
    sums[2] = u;
    sums[3] = v;
}

#else

static inline void add_run(const int8_t *filter, const int8_t *const windows[4], int32_t count,
                           uint32_t sums[4])
{
    for (int32_t i = 0; i < 4; ++i) {
        for (int32_t k = 0; k < count; ++k) {
            sums[i] += (uint32_t)(filter[k] * windows[i][k]);
        }
    }
}

#endif

/* The same with bytes `step` apart, over `run` bytes; from the ends. */
static inline void add_strided(const int8_t *filter, const int8_t *const windows[4], int32_t run,
                               int32_t step, uint32_t sums[4])
{
    const int8_t *const a = windows[0], *const b = windows[1];
    const int8_t *const c = windows[2], *const d = windows[3];
    uint32_t s = sums[0], t = sums[1], u = sums[2], v = sums[3];
    for (int32_t at = -run; at != 0; at += step) {
        const int32_t w = filter[at];
        s += (uint32_t)(w * a[at]);
        t += (uint32_t)(w * b[at]);
        u += (uint32_t)(w * c[at]);
        v += (uint32_t)(w * d[at]);
    }
    sums[0] = s;
    sums[1] = t;
    sums[2] = u;
    sums[3] = v;
}

static void add_rows(const qmcu_pixels *p, int32_t channel, uint32_t sums[4])
{
    const int32_t from = channel * p->channel_step - (p->step == 1 ? p->run : 0);
    const int8_t *filter = p->filter + channel * p->filter_step - (p->step == 1 ? p->run : 0);
    const int8_t *windows[4] = {p->windows[0] + from, p->windows[1] + from, p->windows[2] + from,
                                p->windows[3] + from};
    for (int32_t part = p->parts; part > 0; --part) {
        for (int32_t row = p->rows;;) {
            if (p->step == 1) {
                add_run(filter, windows, p->run, sums);
            } else {
                add_strided(filter, windows, p->run, p->step, sums);
            }
            filter += p->filter_row_step;
            const int32_t step = --row > 0 ? p->row_step : p->part_step;
            windows[0] += step;
            windows[1] += step;
            windows[2] += step;
            windows[3] += step;
            if (row == 0) {
                break;
            }
        }
    }
}

void qmcu_pixels_scalar(qmcu_pixels *pixels)
{
    const qmcu_output_channels *const c = &pixels->channels;
    for (int32_t channel = 0; channel < pixels->count; ++channel) {
        const uint32_t bias = (uint32_t)c->bias[channel];
        const int32_t r = channel * c->step;
        uint32_t sums[4] = {bias, bias, bias, bias};
        add_rows(pixels, channel, sums);
        qmcu_store_pixels_scalar(sums, c->multipliers[r], c->shifts[r], &pixels->limits,
                                 pixels->outputs);
        for (int32_t i = 0; i < 4; ++i) {
            ++pixels->outputs[i];
        }
    }
}

#endif
