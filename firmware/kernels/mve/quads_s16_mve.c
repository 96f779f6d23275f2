/* Four filters of int8 times a column of int16: 10 instructions for 32 products, and 23 for four outputs. */
#include "quads_s16_mve.h"

#include "assembly_mve.h"
#include "mve.h"

/* What the assembly works through; the first three words are its stack frame. */
typedef struct {
    const int16_t *column;
    int32_t depth;
    int16_t *output;
    int32_t left; /* filters */
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multipliers;
    int32_t minimum;
    int32_t maximum;
} filters_t;

QMCU_PLACE(filters_t, left, 12);
QMCU_PLACE(filters_t, weights, 16);
QMCU_PLACE(filters_t, bias, 20);
QMCU_PLACE(filters_t, minimum, 28);

#define ROW(WEIGHTS, SUM)                        \
    "vldrb.s16 q1, [" WEIGHTS "], #8\n\t"        \
    "vmladava.s16 " SUM ", q0, q1\n\t"

/* r9 column, r1, r3, r5, r7 weights of four filters, r11 of the next four, r12 filters left, r0 biases, which
   begin the sums in r4, r6, r8, r10, r2 multipliers; q2 and q3 the limits. The last round of a loop is
   predicated by itself. Of three filters the first is multiplied once more; one and two have loops of their
   own. */
static __attribute__((naked, noinline)) void
multiply(__attribute__((unused)) const filters_t *filters)
{
    __asm("push {r4-r11, lr}\n\t"
          "ldrd r1, r2, [r0, #28]\n\t"
          "vdup.32 q2, r1\n\t"
          "vdup.32 q3, r2\n\t"
          "ldm r0, {r1, r2, r3, r12}\n\t"
          "push {r1, r2, r3, r12}\n\t"
          "ldr r11, [r0, #16]\n\t"
          "ldrd r0, r2, [r0, #20]\n"
          "1: ldrd r9, r4, [sp]\n\t"
          "mov r1, r11\n\t"
          "add r3, r1, r4\n\t"
          "add r5, r3, r4\n\t"
          "add r7, r5, r4\n\t"
          "add r11, r7, r4\n\t"
          "cmp r12, #4\n\t"
          "blt 5f\n"
          "2: wlstp.16 lr, r4, 4f\n\t"
          "ldm r0!, {r4, r6, r8, r10}\n"
          "3: vldrh.16 q0, [r9], #16\n\t" ROW("r1", "r4") ROW("r3", "r6") ROW("r5", "r8")
          ROW("r7", "r10")
          "letp lr, 3b\n"
          "4: vmov q0[2], q0[0], r4, r8\n\t"
          "vmov q0[3], q0[1], r6, r10\n\t"
          "vldrw.u32 q1, [r2], #16\n\t"
          "vrmulh.s32 q0, q0, q1\n\t"
          "vmax.s32 q0, q0, q2\n\t"
          "vmin.s32 q0, q0, q3\n\t"
          "ldr r1, [sp, #8]\n\t"
          "vctp.32 r12\n\t"
          "vpst\n\t"
          "vstrht.32 q0, [r1], #8\n\t"
          "str r1, [sp, #8]\n\t"
          "subs r12, r12, #4\n\t"
          "bgt 1b\n\t"
          "add sp, sp, #16\n\t"
          "pop {r4-r11, pc}\n"
          "5: mov r7, r1\n\t"
          "cmp r12, #2\n\t"
          "bgt 2b\n\t"
          "dlstp.16 lr, r4\n\t"
          "ldm r0!, {r4, r6, r8, r10}\n\t"
          "blt 7f\n"
          "6: vldrh.16 q0, [r9], #16\n\t" ROW("r1", "r4") ROW("r3", "r6")
          "letp lr, 6b\n\t"
          "b 4b\n"
          "7: vldrh.16 q0, [r9], #16\n\t" ROW("r1", "r4")
          "letp lr, 7b\n\t"
          "b 4b");
}

/* Adds the products of a run with four filters that lie r3 behind each other to four sums. */
static __attribute__((naked, noinline)) void
add_run(__attribute__((unused)) const int16_t *values, __attribute__((unused)) const int8_t *weights,
        __attribute__((unused)) int32_t length, __attribute__((unused)) int32_t step,
        __attribute__((unused)) int32_t *sums)
{
    __asm("push {r4-r10, lr}\n\t"
          "mov r9, r0\n\t"
          "mov r12, r3\n\t"
          "ldr r0, [sp, #32]\n\t"
          "ldm r0, {r4, r6, r8, r10}\n\t"
          "add r3, r1, r12\n\t"
          "add r5, r3, r12\n\t"
          "add r7, r5, r12\n\t"
          "wlstp.16 lr, r2, 2f\n"
          "1: vldrh.16 q0, [r9], #16\n\t" ROW("r1", "r4") ROW("r3", "r6") ROW("r5", "r8")
          ROW("r7", "r10")
          "letp lr, 1b\n"
          "2: stm r0, {r4, r6, r8, r10}\n\t"
          "pop {r4-r10, pc}");
}

/* Filters that are no four any more are multiplied alone, each as all four. */
void qmcu_runs_s16_mve(const qmcu_quads_s16 *quads, const qmcu_runs_s16 *runs,
                       const int16_t *image, const int8_t *weights, const int32_t *bias,
                       const int32_t *multipliers, int16_t *output)
{
    const int32x4_t minimum = vdupq_n_s32(quads->activation_minimum);
    const int32x4_t maximum = vdupq_n_s32(quads->activation_maximum);
    for (int32_t left = quads->outputs; left > 0;) {
        const int32_t alone = left < 4, beside = alone ? 1 : 4, step = alone ? 0 : runs->depth;
        const int8_t *filters = weights + runs->filter_first;
        const int16_t *values = image;
        int32_t sums[4];
        vstrwq_s32(sums, alone ? vdupq_n_s32(*bias) : vldrwq_s32(bias));
        for (int32_t row = runs->rows; row > 0; --row) {
            add_run(values, filters, runs->length, step, sums);
            values += runs->image_row;
            filters += runs->filter_row;
        }
        const int32x4_t factors = alone ? vdupq_n_s32(*multipliers) : vldrwq_s32(multipliers);
        const int32x4_t scaled = vrmulhq_s32(vldrwq_s32(sums), factors);
        const mve_pred16_t live = vctp32q((uint32_t)beside);
        vstrhq_p_s32(output, vminq_s32(vmaxq_s32(scaled, minimum), maximum), live);
        weights += beside * runs->depth;
        bias += beside;
        multipliers += beside;
        output += beside;
        left -= beside;
    }
}

void qmcu_quads_s16_mve(const qmcu_quads_s16 *quads, const int16_t *column,
                        __attribute__((unused)) const int16_t *other, const int8_t *weights,
                        const int32_t *bias, const int32_t *multipliers, int16_t *output)
{
    const filters_t filters = {
        .column = column,
        .depth = quads->depth,
        .output = output,
        .left = quads->outputs,
        .weights = weights,
        .bias = bias,
        .multipliers = multipliers,
        .minimum = quads->activation_minimum,
        .maximum = quads->activation_maximum,
    };
    multiply(&filters);
}
