/* A machine for the firmware's protocols in which an input's end ends them. */
#ifndef FUZZ_SURROUNDINGS_H
#define FUZZ_SURROUNDINGS_H

#include <stddef.h>
#include <stdint.h>

/* Runs `firmware`, an endless loop, until it has read the whole input or stops. `before_layer` is
   called before each run of the model's first layer. */
void surroundings_run(void (*firmware)(void), void (*before_layer)(void), const uint8_t *input,
                      size_t size);

/* Lets time pass, in cycles of the port's counter. */
void surroundings_wait(uint64_t cycles);

/* Frames written so far, each between two zeros. */
uint64_t surroundings_answered(void);

#endif
