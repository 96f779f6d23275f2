/* A model for the fuzzer: two inputs, two layers, a state, one output. */
#ifndef QMCU_MODEL_H
#define QMCU_MODEL_H

#include <stdint.h>

#define QMCU_MODEL_LAYERS 2
#define QMCU_MODEL_INPUTS (MLPERF ? 1 : 2)
#define QMCU_MODEL_OUTPUTS 1
#define QMCU_MODEL_ARENA_SIZE 64
#define QMCU_MODEL_STATE_SIZE 4

typedef struct {
    int8_t *data;
    uint32_t size;
} qmcu_tensor;

/* What runs a layer, and the list that it is given. */
typedef struct {
    void (*run)(const void *const *arguments);
    const void *const *arguments;
} qmcu_layer;

extern const qmcu_tensor qmcu_model_inputs[QMCU_MODEL_INPUTS];
extern const qmcu_tensor qmcu_model_outputs[QMCU_MODEL_OUTPUTS];
extern const qmcu_layer qmcu_model_layers[QMCU_MODEL_LAYERS];
extern const uint8_t qmcu_model_sha256[32];
extern int8_t qmcu_model_arena[QMCU_MODEL_ARENA_SIZE];

void qmcu_model_reset(void);
void qmcu_model_invoke(void);

#endif
