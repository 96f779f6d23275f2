#ifndef QMCU_DETECTION_POSTPROCESS_H
#define QMCU_DETECTION_POSTPROCESS_H

#include <stdint.h>

typedef struct {
    int32_t boxes;
    int32_t box_size;        /* numbers a box's encoding takes, the first 4 are used */
    int32_t columns;         /* scores of a box */
    int32_t background;      /* 1 where the first of them is no class */
    int32_t most;            /* boxes found at most */
    int32_t most_of_class;   /* of one class; 0 judges each box by its best class alone */
    float score_threshold;   /* scores below are none */
    float overlap_threshold; /* boxes that share more with a better one are none */
    float y_scale;
    float x_scale;
    float h_scale;
    float w_scale;
} qmcu_detection_postprocess_params;

/* `scratch` has 6 numbers a box and 2 for each box found at most. What is not found is 0. */
void qmcu_detection_postprocess(const qmcu_detection_postprocess_params *params,
                                const float *encodings, const float *scores, const float *anchors,
                                int8_t *scratch, float *found_boxes, float *found_classes,
                                float *found_scores, float *found);

#endif
