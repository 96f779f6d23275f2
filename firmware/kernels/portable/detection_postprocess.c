/* Boxes and scores of a detector to what it found: encodings become corners,
       center = encoding / scale * anchor size + anchor center
       half   = 0.5 * exp(encoding / scale) * anchor size
   in double, rounded once; then the best box is taken again and again, and those go that share
   more than a threshold with it (intersection over union). Of equal scores the first is better. */
#include "detection_postprocess.h"

#include "wide_exponential.h"

#define CORNERS 4

/* Sets corners (y, x low; y, x high) of every box; 0 where one has no extent: the interpreter
   ends the inference there. */
static int32_t decode(const qmcu_detection_postprocess_params *params, const float *encodings,
                      const float *anchors, float *corners)
{
    for (int32_t i = 0; i < params->boxes; ++i) {
        for (int32_t side = 0; side < 2; ++side) {
            const double shift = side == 0 ? params->y_scale : params->x_scale;
            const double growth = side == 0 ? params->h_scale : params->w_scale;
            const double size = anchors[side + 2];
            const float center = (float)(encodings[side] / shift * size + anchors[side]);
            const float half = (float)(0.5 * qmcu_wide_exp(encodings[side + 2] / growth) * size);
            corners[side] = center - half;
            corners[side + 2] = center + half;
            if (corners[side] >= corners[side + 2]) {
                return 0;
            }
        }
        encodings += params->box_size;
        anchors += CORNERS;
        corners += CORNERS;
    }
    return 1;
}

static float larger(float a, float b)
{
    return a < b ? b : a;
}

static float smaller(float a, float b)
{
    return b < a ? b : a;
}

static float overlap(const float *a, const float *b)
{
    const float area_a = (a[2] - a[0]) * (a[3] - a[1]);
    const float area_b = (b[2] - b[0]) * (b[3] - b[1]);
    if (area_a <= 0.0f || area_b <= 0.0f) {
        return 0.0f;
    }
    const float height = larger(smaller(a[2], b[2]) - larger(a[0], b[0]), 0.0f);
    const float width = larger(smaller(a[3], b[3]) - larger(a[1], b[1]), 0.0f);
    const float shared = height * width;
    return shared / (area_a + area_b - shared);
}

/* The best box that is left, which is none then, as are those that share too much with it; -1 where
   none is left. `left` has a byte for each box. */
static int32_t take(const qmcu_detection_postprocess_params *params, const float *corners,
                    const float *scores, int32_t stride, uint8_t *left)
{
    int32_t best = -1;
    for (int32_t i = 0; i < params->boxes; ++i) {
        if (left[i] != 0u && (best < 0 || scores[i * stride] > scores[best * stride])) {
            best = i;
        }
    }
    if (best < 0) {
        return best;
    }
    left[best] = 0u;
    for (int32_t i = 0; i < params->boxes; ++i) {
        if (left[i] != 0u) {
            const float share = overlap(corners + CORNERS * best, corners + CORNERS * i);
            left[i] = (uint8_t)(share <= params->overlap_threshold);
        }
    }
    return best;
}

static void begin(const qmcu_detection_postprocess_params *params, const float *scores,
                  int32_t stride, uint8_t *left)
{
    for (int32_t i = 0; i < params->boxes; ++i) {
        left[i] = (uint8_t)(scores[i * stride] >= params->score_threshold);
    }
}

/* Each class for itself; `places` are columns of the scores, in the order of what was found. */
static int32_t find_in_classes(const qmcu_detection_postprocess_params *params,
                               const float *corners, const float *scores, uint8_t *left,
                               int32_t *places, float *kept)
{
    int32_t count = 0;
    for (int32_t column = params->background; column < params->columns; ++column) {
        begin(params, scores + column, params->columns, left);
        for (int32_t taken = 0; taken < params->most_of_class; ++taken) {
            const int32_t box = take(params, corners, scores + column, params->columns, left);
            if (box < 0) {
                break;
            }
            const float score = scores[box * params->columns + column];
            int32_t place = count;
            while (place > 0 && kept[place - 1] < score) {
                --place;
            }
            if (place == params->most) {
                break;
            }
            count = count < params->most ? count + 1 : count;
            for (int32_t i = count - 1; i > place; --i) {
                kept[i] = kept[i - 1];
                places[i] = places[i - 1];
            }
            kept[place] = score;
            places[place] = box * params->columns + column;
        }
    }
    return count;
}

/* Each box by its best class. */
static int32_t find_best(const qmcu_detection_postprocess_params *params, const float *corners,
                         const float *scores, uint8_t *left, float *best, int32_t *places,
                         float *kept)
{
    for (int32_t i = 0; i < params->boxes; ++i) {
        best[i] = scores[i * params->columns + params->background];
        for (int32_t c = params->background + 1; c < params->columns; ++c) {
            best[i] = larger(best[i], scores[i * params->columns + c]);
        }
    }
    begin(params, best, 1, left);
    int32_t count = 0;
    while (count < params->most) {
        const int32_t box = take(params, corners, best, 1, left);
        if (box < 0) {
            break;
        }
        int32_t column = params->background;
        while (column + 1 < params->columns &&
               scores[box * params->columns + column] != best[box]) {
            ++column;
        }
        places[count] = box * params->columns + column;
        kept[count++] = best[box];
    }
    return count;
}

void qmcu_detection_postprocess(const qmcu_detection_postprocess_params *params,
                                const float *encodings, const float *scores, const float *anchors,
                                int8_t *scratch, float *found_boxes, float *found_classes,
                                float *found_scores, float *found)
{
    float *corners = (float *)(void *)scratch;
    float *best = corners + CORNERS * params->boxes;
    uint8_t *left = (uint8_t *)(best + params->boxes);
    float *kept = best + 2 * params->boxes;
    int32_t *places = (int32_t *)(void *)(kept + params->most);
    int32_t count = 0;
    if (decode(params, encodings, anchors, corners)) {
        count = params->most_of_class > 0
                    ? find_in_classes(params, corners, scores, left, places, kept)
                    : find_best(params, corners, scores, left, best, places, kept);
    }
    for (int32_t i = 0; i < params->most; ++i) {
        const int32_t box = i < count ? places[i] / params->columns : 0;
        const int32_t column = i < count ? places[i] % params->columns - params->background : 0;
        for (int32_t side = 0; side < CORNERS; ++side) {
            found_boxes[CORNERS * i + side] = i < count ? corners[CORNERS * box + side] : 0.0f;
        }
        found_classes[i] = (float)column;
        found_scores[i] = i < count ? kept[i] : 0.0f;
    }
    found[0] = (float)count;
}
