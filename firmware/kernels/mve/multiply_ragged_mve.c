/* As multiply_four_mve.c, of filters that are not filled up: the values that are no vector come first, the
   other lanes are zero by a predicate that stays as it is. Shorter code: two steps a round. */
#include "multiply_ragged_mve.h"

#include "multiply_four_code_mve.h"

#define STEP_BYTES (14 * 4)

QMCU_PLACE(qmcu_mve_tile, fours.left, 88);

#define LOADED(FROM, SUM, OTHER)                           \
    "vldrb.u8 q2, [" FROM "], #16\n\t"                     \
    "vmladava.s8 " SUM ", q0, q2\n\t"                      \
    "vmladava.s8 " OTHER ", q1, q2\n\t"
#define STEP                                               \
    "vldrb.u8 q0, [r9], #16\n\t"                           \
    "vldrb.u8 q1, [r9], #16\n\t"                           \
    LOADED("r1", "r0", "r8")                               \
    LOADED("r3", "r2", "r10")                              \
    LOADED("r5", "r4", "r12")                              \
    LOADED("r7", "r6", "lr")
/* What is left of one pixel, so many bytes as lr says. */
#define LEFT(FROM, SUM, OTHER)                             \
    "vldrb.u8 q2, [" FROM "]\n\t"                          \
    "add " FROM ", " FROM ", lr\n\t"                       \
    "vmladav.s8 " SUM ", q0, q2\n\t"                       \
    "vmladav.s8 " OTHER ", q1, q2\n\t"
/* Two filters; r12 and lr are free until their sums begin. */
#define STEPS(LABEL, END, ENTRY)                           \
    "ldr lr, [sp, #68]\n\t"                                \
    "add r12, r9, lr\n\t"                                  \
    "vpstt\n\t"                                            \
    "vldrbt.u8 q0, [r9]\n\t"                               \
    "vldrbt.u8 q1, [r12]\n\t"                              \
    "add r9, r12, lr\n\t"                                  \
    LEFT("r1", "r0", "r8")                                 \
    LEFT("r3", "r2", "r10")                                \
    LEFT("r5", "r4", "r12")                                \
    LEFT("r7", "r6", "lr")                                 \
    "ldr pc, [sp, #" ENTRY "]\n"                           \
    LABEL ": " QMCU_TIMES(RAGGED_ROUND, STEP)              \
    "cmp r1, r11\n\t"                                      \
    "bne " LABEL "\n"                                      \
    END ":\n\t"
/* A window of less than a vector, whose lanes past its values are zero; r1 is their number. */
#define FILTER(SUM0, SUM1, SUM2, SUM3)                     \
    "vldrb.u8 q4, [r9]\n\t"                                \
    "add r9, r9, r1\n\t"                                   \
    "vmladav.s8 " SUM0 ", q4, q0\n\t"                      \
    "vmladav.s8 " SUM1 ", q4, q1\n\t"                      \
    "vmladav.s8 " SUM2 ", q4, q2\n\t"                      \
    "vmladav.s8 " SUM3 ", q4, q3\n\t"

/* Places in the code of `multiply`. */
extern const uint8_t steps_first[] __asm__("qmcu_mve_ragged_first");
extern const uint8_t first_end[] __asm__("qmcu_mve_ragged_first_end");
extern const uint8_t steps_second[] __asm__("qmcu_mve_ragged_second");
extern const uint8_t second_end[] __asm__("qmcu_mve_ragged_second_end");
extern const uint8_t round_away[] __asm__("qmcu_mve_ragged_away");
extern const uint8_t round_up[] __asm__("qmcu_mve_ragged_round");
extern const uint8_t clamp_bytes[] __asm__("qmcu_mve_ragged_clamp");
extern const uint8_t store_bytes[] __asm__("qmcu_mve_ragged_store");

/* The frame is the first 17 words of the tile, and what is left of vectors. */
static __attribute__((naked, noinline)) void
multiply(__attribute__((unused)) const qmcu_mve_tile *tile,
         __attribute__((unused)) int8_t *output)
{
    __asm("push {r4-r11, lr}\n\t"
          "vpush {d8-d15}\n\t"
          "vldrw.u32 q5, [r0, #68]\n\t"
          "vadd.i32 q5, q5, r1\n\t"
          "add r1, r0, #48\n\t"
          "ldr r7, [r0, #88]\n\t"
          "ldm r1, {r2-r6}\n\t"
          "push {r2-r7}\n\t"
          "vctp.8 r7\n\t"
          "ldm r0, {r1-r12}\n\t"
          "push {r1-r12}\n\t"
          "ldr r9, [sp, #52]\n\t"
          QMCU_WHERE(RAGGED_STEPS,
              QMCU_WHERE(RAGGED_ONE_STEP, "cmp r6, #0\n\t"
                          "beq.w 3f\n")
              "0: ldm sp, {r1, r3, r5, r7, r11}\n\t"
              STEPS("qmcu_mve_ragged_first", "qmcu_mve_ragged_first_end", "20")
              QMCU_FOUR_SUMS("q6", "q7")
              "ldm sp, {r1, r3, r5, r7}\n\t"
              STEPS("qmcu_mve_ragged_second", "qmcu_mve_ragged_second_end", "48")
              QMCU_FOUR_SUMS("q0", "q1")
              QMCU_FOUR_PRODUCTS("q6", "q7", "q0", "q1")
              "ldr pc, [sp, #24]\n"
              QMCU_WHERE(RAGGED_AWAY, "qmcu_mve_ragged_away:\n\t" QMCU_FOUR_AWAY)
              "qmcu_mve_ragged_round:\n\t" QMCU_FOUR_BYTES("q6", "q7", "q0", "q1")
              "ldr pc, [sp, #28]\n"
              QMCU_WHERE(RAGGED_LIMITS, "qmcu_mve_ragged_clamp:\n\t" QMCU_FOUR_CLAMP)
              "qmcu_mve_ragged_store:\n\t"
              "vstrw.32 q6, [q5, #4]!\n\t"
              "cmp r9, r1\n\t"
              "bne.w 0b\n\t"
              "bl 5f\n\t"
              "b.w 0b\n")
          QMCU_WHERE(RAGGED_ONE_STEP,
              /* The pixels stay in q0 to q3, but the last, which is read again. */
              "3: ldm sp, {r1, r3, r5, r7}\n\t"
              "vpsttt\n\t"
              "vldrbt.u8 q0, [r1]\n\t"
              "vldrbt.u8 q1, [r3]\n\t"
              "vldrbt.u8 q2, [r5]\n"
              "4: ldr r1, [sp, #68]\n\t"
              "vpst\n\t"
              "vldrbt.u8 q3, [r7]\n\t"
              FILTER("r0", "r2", "r4", "r6")
              FILTER("r8", "r10", "r12", "lr")
              QMCU_FOUR_SUMS("q6", "q7")
              FILTER("r0", "r2", "r4", "r6")
              FILTER("r8", "r10", "r12", "lr")
              QMCU_FOUR_SUMS("q4", "q3")
              QMCU_FOUR_PRODUCTS("q6", "q7", "q4", "q3")
              QMCU_FOUR_BYTES("q6", "q7", "q4", "q3")
              "vstrw.32 q6, [q5, #4]!\n\t"
              "cmp r9, r1\n\t"
              "bne 4b\n\t"
              "bl 5f\n\t"
              "b 3b\n")
          QMCU_FOUR_NEXT
          "6: add sp, sp, #72\n\t"
          "vpop {d8-d15}\n\t"
          "pop {r4-r11, pc}");
}

/* Bytes of a window. */
static int32_t values(const qmcu_multiply_mve_params *params)
{
    return 16 * (params->steps - 1) + (params->form >> 2);
}

static void begin(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                  __attribute__((unused)) const qmcu_mve_multiplier *by)
{
    const int32_t whole = params->steps - 1;
    const int32_t relu = (params->form & 3) == QMCU_MVE_RELU;
    const int32_t clamped = params->minimum != -128 || params->maximum != 127;
    const uint32_t over = QMCU_RAGGED_ROUND - qmcu_mve_first_round(whole, QMCU_RAGGED_ROUND);

    /* Addresses of code are odd. */
    tile->fours.first = 0;
    if (QMCU_USES_RAGGED_STEPS) {
        const int32_t any = QMCU_RAGGED_ROUND > 0 && whole > 0;
        if (!QMCU_USES_RAGGED_ONE_STEP || whole > 0 || !relu || clamped) {
            tile->fours.first = (any ? (uintptr_t)steps_first + over * STEP_BYTES
                                     : (uintptr_t)first_end) + 1;
        }
        tile->fours.second = (any ? (uintptr_t)steps_second + over * STEP_BYTES
                                  : (uintptr_t)second_end) + 1;
        tile->fours.round = (uintptr_t)(QMCU_USES_RAGGED_AWAY && !relu ? round_away : round_up) + 1;
        tile->fours.clamp =
            (uintptr_t)(QMCU_USES_RAGGED_LIMITS && clamped ? clamp_bytes : store_bytes) + 1;
    }
    tile->fours.left = params->form >> 2;
    qmcu_mve_begin_fours(tile, params, values(params));
}

static void ragged(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                   const int32_t *weights, int32_t pixels, int8_t *output)
{
    qmcu_mve_fours(tile, params, weights, values(params), pixels, output, multiply);
}

const qmcu_mve_multiplier qmcu_mve_int8_ragged = {.begin = begin, .tile = ragged, .at_once = 4};
