/* Inferences on the host: inputs from stdin, one after the other, outputs to stdout. */
#include "model.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    uint32_t offset;
    uint32_t size;
} region;

#include "layers.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

enum { REGIONS = sizeof layers[0] / sizeof layers[0][0] };

static void invoke(void)
{
    for (uint32_t i = 0; i < QMCU_MODEL_LAYERS; ++i) {
        ASAN_POISON_MEMORY_REGION(qmcu_model_arena, QMCU_MODEL_ARENA_SIZE);
        for (uint32_t j = 0; j < REGIONS; ++j) {
            ASAN_UNPOISON_MEMORY_REGION(qmcu_model_arena + layers[i][j].offset, layers[i][j].size);
        }
        qmcu_model_layers[i].run(qmcu_model_layers[i].arguments);
    }
    ASAN_UNPOISON_MEMORY_REGION(qmcu_model_arena, QMCU_MODEL_ARENA_SIZE);
}

int main(void)
{
#ifdef QMCU_MODEL_STATE_SIZE
    qmcu_model_reset();
#endif
    for (;;) {
        memset(qmcu_model_arena, 0x5A, QMCU_MODEL_ARENA_SIZE);
        for (uint32_t i = 0; i < QMCU_MODEL_INPUTS; ++i) {
            const qmcu_tensor *const input = &qmcu_model_inputs[i];
            if (fread(input->data, 1, input->size, stdin) != input->size) {
                return i == 0 && feof(stdin) ? 0 : 1;
            }
        }
        invoke();
        for (uint32_t i = 0; i < QMCU_MODEL_OUTPUTS; ++i) {
            const qmcu_tensor *const output = &qmcu_model_outputs[i];
            if (fwrite(output->data, 1, output->size, stdout) != output->size) {
                return 1;
            }
        }
    }
}
