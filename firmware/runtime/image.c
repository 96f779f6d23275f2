#include "image.h"

#include "board.h"
#include "sha256.h"

#include <stdbool.h>

QMCU_IMAGE_SYMBOLS

const qmcu_image_part qmcu_image_parts[] = {QMCU_IMAGE_PARTS{0, 0}};

const uint8_t *qmcu_image_digest(void)
{
    static uint8_t digest[32];
    static bool known;
    if (!known) {
        qmcu_sha256 hash;
        qmcu_sha256_begin(&hash);
        for (const qmcu_image_part *part = qmcu_image_parts; part->end != 0; ++part) {
            qmcu_sha256_put(&hash, part->start, (uint32_t)(part->end - part->start));
        }
        qmcu_sha256_end(&hash, digest);
        known = true;
    }
    return digest;
}
