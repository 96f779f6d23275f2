/* What the firmware's frame decoder, protocols and sessions stand on, on this machine: a model, the
   guard, a board whose serial line ends with the input. */
#include "surroundings.h"

#include "protocol.h"
#include "board.h"
#include "guard.h"
#include "image.h"
#include "model.h"
#include "port.h"
#include "stack.h"

#include <setjmp.h>
#include <string.h>

static jmp_buf after;
static void (*before)(void);
static const uint8_t *waiting;
static size_t left;
static uint64_t clock_now;
static uint64_t answered;

int8_t qmcu_model_arena[QMCU_MODEL_ARENA_SIZE];
const qmcu_tensor qmcu_model_inputs[QMCU_MODEL_INPUTS] = {
    {qmcu_model_arena, 12},
#if !MLPERF
    {qmcu_model_arena + 12, 5},
#endif
};
const qmcu_tensor qmcu_model_outputs[QMCU_MODEL_OUTPUTS] = {{qmcu_model_arena + 40, 12}};
const uint8_t qmcu_model_sha256[32] = {9};

static void first(const void *const *arguments)
{
    (void)arguments;
    before();
    memcpy(qmcu_model_arena + 20, qmcu_model_arena, 17);
}

static void second(const void *const *arguments)
{
    (void)arguments;
    memcpy(qmcu_model_arena + 40, qmcu_model_arena + 20, 12);
}

const qmcu_layer qmcu_model_layers[QMCU_MODEL_LAYERS] = {
    {first, NULL},
    {second, NULL},
};

void qmcu_model_reset(void)
{
}

void qmcu_model_invoke(void)
{
    first(NULL);
    second(NULL);
}

#if SESSIONS
uint32_t qmcu_stack_bottom[1];
#endif

void fuzz_stop(void)
{
    longjmp(after, 2);
}

const uint8_t *qmcu_image_digest(void)
{
    static const uint8_t digest[32];
    return digest;
}

void qmcu_guard_step(uint32_t number)
{
    (void)number;
}

void qmcu_guard_check(void)
{
}

void qmcu_guard_feed(void)
{
}

bool qmcu_guard_keep(const qmcu_fault *fault)
{
    (void)fault;
    return true;
}

void qmcu_guard_reset(void)
{
    longjmp(after, 3);
}

uint8_t qmcu_guard_flags(void)
{
    return QMCU_SEALED;
}

const qmcu_guard_report *qmcu_guard_told(void)
{
    static const qmcu_guard_report told;
    return &told;
}

void qmcu_stack_paint(void)
{
}

uint32_t qmcu_stack_used(void)
{
    return 100;
}

bool qmcu_stack_overflowed(void)
{
    return false;
}

void qmcu_port_init(void)
{
}

uint32_t qmcu_port_clock_hz(void)
{
    return 1000000;
}

uint64_t qmcu_port_cycles(void)
{
    return clock_now += 1000;
}

uint8_t qmcu_port_counter(void)
{
    return 0;
}

/* The end of the input ends the firmware's endless loop. */
bool qmcu_port_read(uint8_t *byte)
{
    clock_now += 100;
    if (left == 0) {
        longjmp(after, 1);
    }
    *byte = *waiting++;
    --left;
    return true;
}

void qmcu_port_write(uint8_t byte)
{
    answered += byte == 0;
}

void surroundings_run(void (*firmware)(void), void (*before_layer)(void), const uint8_t *input,
                      size_t size)
{
    before = before_layer;
    waiting = input;
    left = size;
    if (setjmp(after) == 0) {
        firmware();
    }
}

void surroundings_wait(uint64_t cycles)
{
    clock_now += cycles;
}

uint64_t surroundings_answered(void)
{
    return answered / 2;
}
