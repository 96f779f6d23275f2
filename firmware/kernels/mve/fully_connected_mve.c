/* 16 products an instruction. */
#include "small.h"

#include "fully_connected_mve.h"

#include "fully_connected_rows_mve.h"

/* Four would be multiplied in vain. One row takes two steps a round, 7 instructions for 32 products; two
   and three share the input. */
static __attribute__((noinline)) void multiply_last(const int8_t *x, const int8_t *w, int32_t steps,
                                                    int32_t rows, int32_t sums[4])
{
    int32_t a = sums[0], b = sums[1], c = sums[2];
    if (rows == 1) {
        if (steps % 2) {
            a = vmladavaq_s8(a, vldrbq_s8(x), vldrbq_s8(w));
            x += 16;
            w += 16;
        }
        __asm volatile("wls lr, %[rounds], 2f\n"
                       "1: vldrb.8 q0, [%[x]], #16\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[a], q0, q1\n\t"
                       "vldrb.8 q0, [%[x]], #16\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[a], q0, q1\n\t"
                       "le lr, 1b\n"
                       "2:"
                       : [x] "+r"(x), [w] "+r"(w), [a] "+Te"(a)
                       : [rounds] "r"(steps / 2)
                       : "q0", "q1", "lr", "memory");
    } else if (rows == 2) {
        __asm volatile("dls lr, %[steps]\n"
                       "1: vldrb.8 q0, [%[x]], #16\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[a], q0, q1\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[b], q0, q1\n\t"
                       "le lr, 1b"
                       : [x] "+r"(x), [w] "+r"(w), [a] "+Te"(a), [b] "+Te"(b)
                       : [steps] "r"(steps)
                       : "q0", "q1", "lr", "memory");
    } else {
        __asm volatile("dls lr, %[steps]\n"
                       "1: vldrb.8 q0, [%[x]], #16\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[a], q0, q1\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[b], q0, q1\n\t"
                       "vldrb.8 q1, [%[w]], #16\n\t"
                       "vmladava.s8 %[c], q0, q1\n\t"
                       "le lr, 1b"
                       : [x] "+r"(x), [w] "+r"(w), [a] "+Te"(a), [b] "+Te"(b), [c] "+Te"(c)
                       : [steps] "r"(steps)
                       : "q0", "q1", "lr", "memory");
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
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
#define STEPS_A_ROUND 4

/* In assembly, since the compiler spills the sums: 9 instructions for 64 products, one more for each four
   steps, and 22 for four outputs. The first round begins where as many steps are left as it has. Sums are
   in even registers, as VMLADAVA wants them. VRSHL rounds ties up: one less for negative products rounds
   them away from zero. */
static __attribute__((noinline)) const int8_t *fours(const qmcu_fully_connected_mve_params *p,
                                                     const int8_t *row, const int8_t *weights,
                                                     const int32_t *biases, const int32_t *scales,
                                                     int32_t count, int8_t *output)
{
    const int32x4_t zero_point = vdupq_n_s32(p->output_zero_point);
    const int32x4_t minimum = vdupq_n_s32(p->activation_minimum);
    const int32x4_t maximum = vdupq_n_s32(p->activation_maximum);
    const int32_t rounds = (p->steps + STEPS_A_ROUND - 1) / STEPS_A_ROUND;
    /* What there are no registers for: from scales to scales, where the values are, and how many bytes
       of code the first round skips. */
    const int32x4_t fixed = qmcu_mve_four(p->scales_step, (int32_t)(intptr_t)row,
                                          (rounds * STEPS_A_ROUND - p->steps) * STEP_CODE, 0);
    const int8_t *x;
    __asm volatile("adr.w lr, 2f\n\t"
                   "vmov.32 r4, %q[fixed][2]\n\t"
                   "add r4, r4, lr\n\t"
                   "orr r4, r4, #1\n\t"
                   "push {r4}\n"
                   "1: ldm %[biases]!, {r4, r6, r8, r10}\n\t"
                   "vmov.32 %[x], %q[fixed][1]\n\t"
                   "dls lr, %[rounds]\n\t"
                   "ldr pc, [sp]\n\t"
                   ".balign 4\n"
                   "2: " STEP STEP STEP STEP "le lr, 2b\n\t"
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
                   "add sp, sp, #4"
                   : [weights] "+r"(weights), [biases] "+r"(biases), [scales] "+r"(scales),
                     [count] "+r"(count), [output] "+l"(output), [x] "=&r"(x)
                   : [rounds] "r"(rounds), [fixed] "w"(fixed), [zero_point] "w"(zero_point),
                     [minimum] "w"(minimum), [maximum] "w"(maximum)
                   : "r4", "r6", "r8", "r10", "lr", "q0", "q1", "cc", "memory");
    return weights;
}

void qmcu_fully_connected_mve(const qmcu_fully_connected_mve_params *params, const int8_t *input,
                              const int8_t *weights, const int32_t *channels, int8_t *output)
{
    qmcu_fully_connected_rows(params, input, weights, channels, output, fours, multiply_last);
}
