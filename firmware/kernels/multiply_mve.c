/* In assembly, since eight sums in the even registers, the only ones that VMLADAVA takes, leave just
   the odd ones for six addresses: 14 instructions for the 128 products of a step. */
#include "multiply_mve.h"

/* Bytes of a step's code: every MVE instruction has four. */
#define STEP_BYTES (14 * 4)
#define STEPS_A_ROUND 4

/* r0, r2, r4, r6: sums of filter 0; r8, r10, r12, lr: of filter 1; r1, r3, r5, r7: pixels. */
#define QMCU_STEP(ACCUMULATE)              \
    "vldrb.u8 q4, [r9], #16\n\t"           \
    "vldrb.u8 q0, [r1], #16\n\t"           \
    "vmladav" ACCUMULATE ".s8 r0, q4, q0\n\t" \
    "vldrb.u8 q1, [r3], #16\n\t"           \
    "vmladav" ACCUMULATE ".s8 r2, q4, q1\n\t" \
    "vldrb.u8 q2, [r5], #16\n\t"           \
    "vmladav" ACCUMULATE ".s8 r4, q4, q2\n\t" \
    "vldrb.u8 q3, [r7], #16\n\t"           \
    "vmladav" ACCUMULATE ".s8 r6, q4, q3\n\t" \
    "vldrb.u8 q5, [r9], #16\n\t"           \
    "vmladav" ACCUMULATE ".s8 r8, q5, q0\n\t" \
    "vmladav" ACCUMULATE ".s8 r10, q5, q1\n\t" \
    "vmladav" ACCUMULATE ".s8 r12, q5, q2\n\t" \
    "vmladav" ACCUMULATE ".s8 lr, q5, q3\n\t"

/* A left shift before the multiplication, or a right shift after it; only the latter rounds, away
   from zero: one less for negative values. VSHL by -32 gives 0, by -31 the sign. */
#define QMCU_LEFT(SUMS, MULTIPLIER, SHIFT, RIGHT, SIGN)   \
    "asr " RIGHT ", " SHIFT ", #31\n\t"                  \
    "mvn r2, #31\n\t"                                    \
    "sub r2, r2, " RIGHT "\n\t"                          \
    "and " RIGHT ", " RIGHT ", " SHIFT "\n\t"            \
    "sub " SHIFT ", " SHIFT ", " RIGHT "\n\t"            \
    "vshl.s32 " SUMS ", " SHIFT "\n\t"                   \
    "vqrdmulh.s32 " SUMS ", " SUMS ", " MULTIPLIER "\n\t" \
    "vmov " SIGN ", " SUMS "\n\t"                        \
    "vshl.u32 " SIGN ", r2\n\t"                          \
    "vsub.i32 " SUMS ", " SUMS ", " SIGN "\n\t"          \
    "vrshl.s32 " SUMS ", " RIGHT "\n\t"

/* The stack frame is the first 12 words of the tile. */
static __attribute__((naked, noinline)) void
multiply(__attribute__((unused)) const qmcu_mve_tile *tile)
{
    __asm("push {r4-r11, lr}\n\t"
          "vpush {d8-d15}\n\t"
          "vldrw.u32 q6, [r0, #48]\n\t"
          "vldrw.u32 q7, [r0, #64]\n\t"
          "ldm r0, {r1-r12}\n\t"
          "adr.w lr, 1f\n\t"
          "add r6, r6, lr\n\t"
          "orr r6, r6, #1\n\t"
          "adr.w lr, 7f\n\t"
          "ldr r7, [lr, r7, lsl #2]\n\t"
          "push {r1-r12}\n\t"
          "mov r9, r12\n\t"
          "0: ldm sp, {r1, r3, r5, r7, r11}\n\t" QMCU_STEP("")
          "ldr pc, [sp, #20]\n\t"
          ".balign 4\n\t"
          "1:\n\t" QMCU_STEP("a") QMCU_STEP("a") QMCU_STEP("a") QMCU_STEP("a")
          "cmp r1, r11\n\t"
          "bne 1b\n\t"
          "vmov q0[2], q0[0], r0, r4\n\t"
          "vmov q0[3], q0[1], r2, r6\n\t"
          "vmov q1[2], q1[0], r8, r12\n\t"
          "vmov q1[3], q1[1], r10, lr\n\t"
          "ldm r9!, {r0, r2, r4, r6, r8, r10}\n\t"
          "vadd.i32 q0, q0, r0\n\t"
          "vadd.i32 q1, q1, r2\n\t"
          "ldrd r0, r2, [sp, #28]\n\t"
          "vdup.16 q3, r2\n\t"
          "ldr pc, [sp, #24]\n\t"
          /* VRSHL rounds ties up: one less for negative products rounds them away from zero. */
          "4: vqrdmulh.s32 q0, q0, r4\n\t"
          "vqrdmulh.s32 q1, q1, r6\n\t"
          "vshr.s32 q4, q0, #31\n\t"
          "vshr.s32 q5, q1, #31\n\t"
          "vadd.i32 q0, q0, q4\n\t"
          "vadd.i32 q1, q1, q5\n\t"
          "vrshl.s32 q0, r8\n\t"
          "vrshl.s32 q1, r10\n\t"
          "2: vqmovnb.s32 q2, q0\n\t"
          "vqmovnt.s32 q2, q1\n\t"
          "vqadd.s16 q2, q2, r0\n\t"
          "vmax.s16 q2, q2, q7\n\t"
          "vmin.s16 q2, q2, q3\n\t"
          "ldrd r0, r2, [sp, #36]\n\t"
          "vstrb.16 q2, [r0, q6]\n\t"
          "add r0, r0, #2\n\t"
          "str r0, [sp, #36]\n\t"
          "cmp r9, r2\n\t"
          "bne 0b\n\t"
          "add sp, sp, #48\n\t"
          "vpop {d8-d15}\n\t"
          "pop {r4-r11, pc}\n\t"
          /* Negative products end at or below the minimum, however they are rounded. */
          "5: vqrdmulh.s32 q0, q0, r4\n\t"
          "vqrdmulh.s32 q1, q1, r6\n\t"
          "vrshl.s32 q0, r8\n\t"
          "vrshl.s32 q1, r10\n\t"
          "b 2b\n\t"
          "6:\n\t" QMCU_LEFT("q0", "r4", "r8", "r12", "q4") QMCU_LEFT("q1", "r6", "r10", "lr", "q5")
          "b 2b\n\t"
          ".balign 4\n\t"
          "7: .word 4b + 1, 5b + 1, 6b + 1\n\t");
}

/* Lanes of pixels past the last are the first pixel once more, bytes and address. */
static void set_offsets(qmcu_mve_tile *tile, int32_t filters, int32_t pixels, int32_t second)
{
    for (int32_t i = 0; i < 4; i++) {
        const int32_t offset = i < pixels ? i * filters : 0;
        tile->offsets[2 * i] = (uint16_t)offset;
        tile->offsets[2 * i + 1] = (uint16_t)(offset + second);
    }
}

void qmcu_mve_begin(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params)
{
    /* A round is left where columns[0] ends, so that the first one may start in its middle. */
    const int32_t over = params->steps == 1 ? STEPS_A_ROUND
                                            : -(params->steps - 1) & (STEPS_A_ROUND - 1);

    tile->skip = over * STEP_BYTES;
    tile->form = params->form;
    tile->zero_point = params->zero_point;
    tile->maximum = params->maximum;
    for (int32_t i = 0; i < 8; i++) {
        tile->minimum[i] = (int16_t)params->minimum;
    }
    set_offsets(tile, params->filters, 4, 1);
}

void qmcu_multiply_mve(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                       const int32_t *weights, const int8_t *first, int32_t pitch, int32_t pixels,
                       int8_t *output)
{
    const int32_t filters = params->filters;
    const int32_t record = 8 * params->steps + 6;

    tile->columns[0] = first;
    tile->columns[1] = first + pitch;
    tile->columns[2] = first + 2 * pitch;
    tile->columns[3] = first + 3 * pitch;
    tile->end = first + 16 * params->steps;
    tile->output = output;
    tile->weights = weights;
    tile->weights_end = weights + (filters >> 1) * record;
    if (pixels < 4) {
        for (int32_t i = pixels; i < 4; i++) {
            tile->columns[i] = first;
        }
        set_offsets(tile, filters, pixels, 1);
    }
    if (filters > 1) {
        multiply(tile);
    }
    if (filters & 1) {
        set_offsets(tile, filters, pixels, 0);
        tile->output = output + filters - 1;
        tile->weights = tile->weights_end;
        tile->weights_end += record;
        multiply(tile);
    }
    if (pixels < 4 || filters & 1) {
        set_offsets(tile, filters, 4, 1);
    }
}
