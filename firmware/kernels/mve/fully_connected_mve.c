/* 16 products an instruction. */
#include "small.h"

#include "fully_connected_rows_mve.h"
#include "uses_mve.h"

/* Four would be multiplied in vain. One row takes two vectors a round, 7 instructions for 32 products; three
   share the input, two are three of which one is there twice. A loop's last round is predicated by itself. */
static __attribute__((noinline)) int32x4_t multiply_last(const int8_t *x, const int8_t *w,
                                                         int32_t values, int32_t rows,
                                                         const int32_t *biases)
{
    /* Where there are fewer, scales follow. */
    int32_t a = biases[0], b = biases[1], c = biases[2];
    const int8_t *second = w + values, *third = rows == 3 ? second + values : second;
    if (QMCU_USES_LAST_ROW && (!QMCU_USES_LAST_ROWS || rows == 1)) {
        __asm volatile("wls lr, %[rounds], 2f\n"
                       "1: vldrb.8 q0, [%[x]], #16\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[a], q0, q1\n\t"
                       "vldrb.8 q0, [%[x]], #16\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[a], q0, q1\n\t"
                       "le lr, 1b\n"
                       "2: wlstp.8 lr, %[left], 4f\n"
                       "3: vldrb.8 q0, [%[x]], #16\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[a], q0, q1\n\t"
                       "letp lr, 3b\n"
                       "4:"
                       : [x] "+r"(x), [w] "+r"(w), [a] "+Te"(a)
                       : [rounds] "r"(values >> 5), [left] "r"(values & 31)
                       : "q0", "q1", "lr", "memory");
    } else {
        __asm volatile("dlstp.8 lr, %[values]\n"
                       "1: vldrb.8 q0, [%[x]], #16\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[a], q0, q1\n\t"
                       "vldrb.8 q1, [%[second]], #16\n\t"
                       "vmladava.s8 %[b], q0, q1\n\t"
                       "vldrb.8 q1, [%[third]], #16\n\t"
                       "vmladava.s8 %[c], q0, q1\n\t"
                       "letp lr, 1b"
                       : [x] "+r"(x), [w] "+r"(w), [second] "+r"(second), [third] "+r"(third),
                         [a] "+Te"(a), [b] "+Te"(b), [c] "+Te"(c)
                       : [values] "r"(values)
                       : "q0", "q1", "lr", "memory");
    }
    return qmcu_mve_four(a, b, c, 0);
}

/* 16 values of the input, 64 products; each instruction has four bytes. */
#define STEP                            \
    "vldrb.8 q0, [%[x]], #16\n\t"       \
    "vldrb.8 q1, [%[weights]], #16\n\t" \
    "vmladava.s8 r4, q0, q1\n\t"        \
    "vldrb.8 q1, [%[weights]], #16\n\t" \
    "vmladava.s8 r6, q0, q1\n\t"        \
    "vldrb.8 q1, [%[weights]], #16\n\t" \
    "vmladava.s8 r8, q0, q1\n\t"        \
    "vldrb.8 q1, [%[weights]], #16\n\t" \
    "vmladava.s8 r10, q0, q1\n\t"
#define STEP_CODE 36
/* What is left of whole vectors, of one row; %[x] says how much. */
#define TAIL(SUM)                          \
    "vldrb.8 q1, [%[weights]]\n\t"         \
    "add %[weights], %[weights], %[x]\n\t" \
    "vmladava.s8 " SUM ", q0, q1\n\t"
/* In assembly, since the compiler spills the sums: 9 instructions for 64 products, one more for each four
   steps, 18 for what is left of vectors, and 22 for four outputs. The first round begins where as many
   steps are left as it has. Sums are in even registers, as VMLADAVA wants them. VRSHL rounds ties up:
   one less for negative products rounds them away from zero. Without values it is the biases that
   become outputs. */
static __attribute__((noinline)) const int8_t *fours(const qmcu_fully_connected_mve_params *p,
                                                     const int8_t *row, uint32_t values,
                                                     const int8_t *weights, const int32_t *biases,
                                                     const int32_t *scales, int32_t count,
                                                     int8_t *output)
{
    const int32x4_t zero_point = vdupq_n_s32(p->output_zero_point);
    const int32x4_t minimum = vdupq_n_s32(p->activation_minimum);
    const int32x4_t maximum = vdupq_n_s32(p->activation_maximum);
    const uint32_t steps = values / 16;
    const uint32_t rounds = (steps + QMCU_DENSE_ROUND - 1) / QMCU_DENSE_ROUND;
    /* What there are no registers for: from scales to scales, where the values are and what is left of
       them, and how many bytes of code the first round skips: without steps all of it, and LE. */
    const uint32_t skip = steps > 0 ? (rounds * QMCU_DENSE_ROUND - steps) * STEP_CODE
                                    : QMCU_DENSE_ROUND * STEP_CODE + 4;
    const int32x4_t fixed = qmcu_mve_four(p->scales_step, (int32_t)(intptr_t)row, (int32_t)skip,
                                          (int32_t)(intptr_t)(row + 16 * steps));
    uint32_t x = values % 16;
    /* On the stack: where to begin, where the steps begin, how long the tail is. */
    /* clang-format off */
    __asm volatile(
        "adr.w lr, 2f\n\t"
        "vmov.32 r6, %q[fixed][2]\n\t"
        "add r6, r6, lr\n\t"
        "orr r6, r6, #1\n\t"
        "mov r4, r6\n\t"
        QMCU_WHERE(TAIL,
            "vctp.8 %[x]\n\t"
            "cbz %[x], 4f\n\t"
            "adr.w r4, 3f\n\t"
            "orr r4, r4, #1\n")
        "4: mov r8, %[x]\n\t"
        "push {r4, r6, r8}\n"
        "1: ldm %[biases]!, {r4, r6, r8, r10}\n\t"
        "vmov.32 %[x], %q[fixed][1]\n\t"
        "dls lr, %[rounds]\n\t"
        "ldr pc, [sp]\n\t"
        ".balign 4\n"
        QMCU_WHERE(TAIL,
            "3: vmov.32 %[x], %q[fixed][3]\n\t"
            "vpst\n\t"
            "vldrbt.8 q0, [%[x]]\n\t"
            "ldr %[x], [sp, #8]\n\t"
            TAIL("r4") TAIL("r6") TAIL("r8") TAIL("r10")
            "vmov.32 %[x], %q[fixed][1]\n\t"
            "ldr pc, [sp, #4]\n\t"
            ".balign 4\n")
        "2: " QMCU_TIMES(DENSE_ROUND, STEP)
        "le lr, 2b\n\t"
        "vmov q0[2], q0[0], r4, r8\n\t"
        "vmov q0[3], q0[1], r6, r10\n\t"
        "vldrw.u32 q1, [%[scales]]\n\t"
        "vqrdmulh.s32 q0, q0, q1\n\t"
        "vshr.s32 q1, q0, #31\n\t"
        "vadd.i32 q0, q0, q1\n\t"
        "vldrw.u32 q1, [%[scales], #16]\n\t"
        "vrshl.s32 q0, q0, q1\n\t"
        "vadd.i32 q0, q0, %q[zero_point]\n\t"
        "vmax.s32 q0, q0, %q[minimum]\n\t"
        "vmin.s32 q0, q0, %q[maximum]\n\t"
        "vstrb.32 q0, [%[output]], #4\n\t"
        "vmov.32 r4, %q[fixed][0]\n\t"
        "adds %[scales], %[scales], r4\n\t"
        "subs %[count], %[count], #4\n\t"
        "bne 1b\n\t"
        "add sp, sp, #12"
        : [weights] "+r"(weights), [biases] "+r"(biases), [scales] "+r"(scales),
          [count] "+r"(count), [output] "+l"(output), [x] "+l"(x)
        : [rounds] "r"(rounds), [fixed] "w"(fixed), [zero_point] "w"(zero_point),
          [minimum] "w"(minimum), [maximum] "w"(maximum)
        : "r4", "r6", "r8", "r10", "lr", "q0", "q1", "p0", "cc", "memory");
    /* clang-format on */
    return weights;
}

void qmcu_fully_connected_mve(const qmcu_fully_connected_mve_params *p, const int8_t *input,
                              const int8_t *weights, const int32_t *channels, int8_t *output)
{
    const int32_t any = QMCU_USES_LAST_ROW || QMCU_USES_LAST_ROWS;
    const int32_t left = any ? p->output_depth & 3 : 0, count = p->output_depth - left;
    const int32_t *scales = channels + p->output_depth;
    int32_t shared[8];

    if (QMCU_USES_SHARED_SCALE && p->scales_step == 0) {
        scales = qmcu_fully_connected_shared(scales, shared);
    }
    const int32_t batches = QMCU_USES_DENSE_BATCHES ? p->batches : 1;
    for (int32_t batch = 0; batch < batches; batch++, input += p->input_depth) {
        const uint32_t values = (uint32_t)p->values;
        const int8_t *last = weights;
        if (count > 0) {
            last = fours(p, input, values, last, channels, scales, count, output);
            output += count;
        }
        if (left > 0) {
            int32_t sums[4];
            int8_t bytes[16];
            const int32_t *const own = scales + (count >> 2) * (p->scales_step >> 2);
            vstrwq_s32(sums, multiply_last(input, last, p->values, left, channels + count));
            (void)fours(p, input, 0, last, sums, own, 4, bytes);
            qmcu_mve_copy(output, bytes, left);
            output += left;
        }
    }
}
