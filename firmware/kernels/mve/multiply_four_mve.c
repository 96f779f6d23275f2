/* Two filters at a time, as in multiply_mve.c, whose sums wait in registers for those of two more: then
   16 bytes are rounded, narrowed and stored as four words. */
#include "multiply_four_mve.h"

#include "multiply_four_code_mve.h"
#include "uses_mve.h"

#define STEP_BYTES (14 * 4) /* every MVE instruction has four bytes */

#define FILTER(ACCUMULATE, SUM0, SUM1, SUM2, SUM3)         \
    "vldrb.u8 q4, [r9], #16\n\t"                           \
    "vmladav" ACCUMULATE ".s8 " SUM0 ", q4, q0\n\t"        \
    "vmladav" ACCUMULATE ".s8 " SUM1 ", q4, q1\n\t"        \
    "vmladav" ACCUMULATE ".s8 " SUM2 ", q4, q2\n\t"        \
    "vmladav" ACCUMULATE ".s8 " SUM3 ", q4, q3\n\t"
/* 16 values of each pixel times two filters, in q0 and q1. */
#define PIXEL(ACCUMULATE, VALUES, SUM, OTHER)              \
    "vmladav" ACCUMULATE ".s8 " SUM ", q0, " VALUES "\n\t"  \
    "vmladav" ACCUMULATE ".s8 " OTHER ", q1, " VALUES "\n\t"
#define LOADED(ACCUMULATE, FROM, SUM, OTHER)               \
    "vldrb.u8 q2, " FROM "\n\t" PIXEL(ACCUMULATE, "q2", SUM, OTHER)
#define FILTERS                                            \
    "vldrb.u8 q0, [r9], #16\n\t"                           \
    "vldrb.u8 q1, [r9], #16\n\t"
#define STEP                                               \
    FILTERS                                                \
    LOADED("a", "[r1], #16", "r0", "r8")                   \
    LOADED("a", "[r3], #16", "r2", "r10")                  \
    LOADED("a", "[r5], #16", "r4", "r12")                  \
    LOADED("a", "[r7], #16", "r6", "lr")
/* The first values of the first two pixels stay in q3 and q4. */
#define FIRST(THIRD, FOURTH)                               \
    FILTERS                                                \
    PIXEL("", "q3", "r0", "r8")                            \
    PIXEL("", "q4", "r2", "r10")                           \
    LOADED("", THIRD, "r4", "r12")                         \
    LOADED("", FOURTH, "r6", "lr")
/* The second values of each pixel, pointers as FIRST leaves them. */
#define SECOND                                             \
    FILTERS                                                \
    LOADED("a", "[r1]", "r0", "r8")                        \
    LOADED("a", "[r3]", "r2", "r10")                       \
    LOADED("a", "[r5]", "r4", "r12")                       \
    LOADED("a", "[r7]", "r6", "lr")
#define STEPS(LABEL, ENTRY)                                \
    FIRST("[r5], #16", "[r7], #16")                        \
    "ldr pc, [sp, #" ENTRY "]\n"                           \
    LABEL ": " QMCU_TIMES(FOUR_ROUND, STEP)                \
    "cmp r1, r11\n\t"                                      \
    "bne " LABEL "\n\t"
/* Places in the code of `multiply`. */
extern const uint8_t steps_first[] __asm__("qmcu_mve_four_first");
extern const uint8_t two_steps[] __asm__("qmcu_mve_four_two");
extern const uint8_t steps_second[] __asm__("qmcu_mve_four_second");
extern const uint8_t round_away[] __asm__("qmcu_mve_four_away");
extern const uint8_t round_up[] __asm__("qmcu_mve_four_round");
extern const uint8_t clamp_bytes[] __asm__("qmcu_mve_four_clamp");
extern const uint8_t store_bytes[] __asm__("qmcu_mve_four_store");

/* Registers as in multiply_code_mve.h; q5 addresses of the outputs, less 4. The frame is the first 17 words
   of the tile. Rounded up, negative products must end at or below the minimum, however they are
   rounded; else they are lessened by one, since VRSHL rounds ties up. */
static __attribute__((naked, noinline)) void
multiply(__attribute__((unused)) const qmcu_mve_tile *tile,
         __attribute__((unused)) int8_t *output)
{
    __asm("push {r4-r11, lr}\n\t"
          "vpush {d8-d15}\n\t"
          "vldrw.u32 q5, [r0, #68]\n\t"
          "vadd.i32 q5, q5, r1\n\t"
          "add r1, r0, #48\n\t"
          "ldm r1, {r2-r6}\n\t"
          "push {r2-r6}\n\t"
          "ldm r0, {r1-r12}\n\t"
          "push {r1-r12}\n\t"
          "ldr r9, [sp, #52]\n\t"
          QMCU_WHERE(STEPS,
              QMCU_WHERE(ONE_STEP, "cmp r6, #0\n\t"
                          "beq.w 3f\n\t")
              /* Those two pixels' columns are one step further on. */
              "vldrb.u8 q3, [r1], #16\n\t"
              "vldrb.u8 q4, [r2], #16\n\t"
              "strd r1, r2, [sp]\n"
              "0: ldm sp, {r1, r3, r5, r7, r11}\n\t" STEPS("qmcu_mve_four_first", "20")
              QMCU_FOUR_SUMS("q6", "q7")
              "ldm sp, {r1, r3, r5, r7}\n\t" STEPS("qmcu_mve_four_second", "48")
              QMCU_FOUR_SUMS("q0", "q1")
              "7: " QMCU_FOUR_PRODUCTS("q6", "q7", "q0", "q1")
              "ldr pc, [sp, #24]\n"
              QMCU_WHERE(AWAY, "qmcu_mve_four_away:\n\t" QMCU_FOUR_AWAY)
              "qmcu_mve_four_round:\n\t" QMCU_FOUR_BYTES("q6", "q7", "q0", "q1")
              "ldr pc, [sp, #28]\n"
              QMCU_WHERE(LIMITS, "qmcu_mve_four_clamp:\n\t" QMCU_FOUR_CLAMP)
              "qmcu_mve_four_store:\n\t"
              "vstrw.32 q6, [q5, #4]!\n\t"
              "cmp r9, r1\n\t"
              "bne.w 0b\n\t"
              "bl 5f\n\t"
              "vldrb.u8 q3, [r1, #-16]\n\t"
              "vldrb.u8 q4, [r2, #-16]\n\t"
              "b.w 0b\n")
          QMCU_WHERE(ONE_STEP,
              /* The pixels stay in q0 to q3, but the last, which is read again. */
              "3: ldm sp, {r1, r3, r5, r7}\n\t"
              "vldrb.u8 q0, [r1]\n\t"
              "vldrb.u8 q1, [r3]\n\t"
              "vldrb.u8 q2, [r5]\n"
              "4: vldrb.u8 q3, [r7]\n\t" FILTER("", "r0", "r2", "r4", "r6")
              FILTER("", "r8", "r10", "r12", "lr") QMCU_FOUR_SUMS("q6", "q7")
              FILTER("", "r0", "r2", "r4", "r6") FILTER("", "r8", "r10", "r12", "lr")
              QMCU_FOUR_SUMS("q4", "q3") QMCU_FOUR_PRODUCTS("q6", "q7", "q4", "q3")
              QMCU_FOUR_BYTES("q6", "q7", "q4", "q3")
              "vstrw.32 q6, [q5, #4]!\n\t"
              "cmp r9, r1\n\t"
              "bne 4b\n\t"
              "bl 5f\n\t"
              "b 3b\n")
          QMCU_WHERE(TWO_STEPS,
              /* Two steps: no pointer goes back and forth. */
              "qmcu_mve_four_two:\n\t" SECOND QMCU_FOUR_SUMS("q6", "q7")
              FIRST("[r5, #-16]", "[r7, #-16]") SECOND QMCU_FOUR_SUMS("q0", "q1")
              "b.w 7b\n")
          /* To the next four pixels, or to the caller; those at r1 to r4. */
          QMCU_FOUR_NEXT
          "6: add sp, sp, #68\n\t"
          "vpop {d8-d15}\n\t"
          "pop {r4-r11, pc}");
}

static void begin(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                  __attribute__((unused)) const qmcu_mve_multiplier *by)
{
    const int32_t steps = params->steps;
    const uint32_t over = QMCU_FOUR_ROUND - qmcu_mve_first_round(steps - 1, QMCU_FOUR_ROUND);
    const int32_t relu = params->form == QMCU_MVE_RELU;
    const int32_t clamped = params->minimum != -128 || params->maximum != 127;
    const int32_t single = steps == 1 && relu && !clamped;

    /* Addresses of code are odd. */
    if (QMCU_USES_TWO_STEPS && steps == 2) {
        tile->fours.first = (uintptr_t)two_steps + 1;
    } else if (!QMCU_USES_STEPS || (QMCU_USES_ONE_STEP && single)) {
        tile->fours.first = 0;
    } else {
        tile->fours.first = (uintptr_t)steps_first + over * STEP_BYTES + 1;
    }
    if (QMCU_USES_STEPS) {
        tile->fours.second = (uintptr_t)steps_second + over * STEP_BYTES + 1;
        tile->fours.round = (uintptr_t)(QMCU_USES_AWAY && !relu ? round_away : round_up) + 1;
        tile->fours.clamp = (uintptr_t)(QMCU_USES_LIMITS && clamped ? clamp_bytes : store_bytes) + 1;
    }
    qmcu_mve_begin_fours(tile, params, 16 * steps);
}

static void four(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                 const int32_t *weights, int32_t pixels, int8_t *output)
{
    qmcu_mve_fours(tile, params, weights, 16 * params->steps, pixels, output, multiply);
}

const qmcu_mve_multiplier qmcu_mve_int8_four = {.begin = begin, .tile = four, .at_once = 4};
