/* The image in flash, as it is there: what HELLO tells so that no other is taken for it. */
#ifndef QMCU_IMAGE_H
#define QMCU_IMAGE_H

#include <stdint.h>

/* A part of the image from its first byte to the one behind its last. */
typedef struct {
    const uint8_t *start;
    const uint8_t *end;
} qmcu_image_part;

/* In the order in which they are hashed; behind the last one stands an end of 0. */
extern const qmcu_image_part qmcu_image_parts[];

/* SHA-256 of all parts: 32 bytes. Reads the flash at the first call, and keeps the result. */
const uint8_t *qmcu_image_digest(void);

#endif
