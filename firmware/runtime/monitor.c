#include "monitor.h"

#ifdef QMCU_MONITOR

#include "model.h"

#include <stdbool.h>
#include <string.h>

typedef struct {
    uint32_t layer;  /* after which it is there */
    uint32_t offset; /* in the arena */
    uint32_t stride;
    uint32_t count;
} place;

/* The features of each monitored layer one after the other, then the scores. */
static const place places[] = QMCU_MONITOR_PLACES;
static const int8_t low[QMCU_MONITOR_FEATURES] = QMCU_MONITOR_LOW;
static const int8_t high[QMCU_MONITOR_FEATURES] = QMCU_MONITOR_HIGH;
static const int8_t centres[QMCU_MONITOR_CLASSES][QMCU_MONITOR_CENTRED] = QMCU_MONITOR_CENTRES;
/* The further a feature usually is from its centre, the less it weighs. */
static const uint8_t weights[QMCU_MONITOR_CLASSES][QMCU_MONITOR_CENTRED] = QMCU_MONITOR_WEIGHTS;
static const int32_t limits[QMCU_STATISTICS] = QMCU_MONITOR_LIMITS;

enum { PLACES = sizeof places / sizeof places[0] };
enum { TAKEN = QMCU_MONITOR_FEATURES + QMCU_MONITOR_CLASSES };

static int8_t taken[TAKEN];
static qmcu_monitor_counters counters;

void qmcu_monitor_layer(uint32_t number)
{
    int8_t *to = taken;
    for (uint32_t i = 0; i < PLACES; ++i) {
        const place *at = &places[i];
        if (at->layer == number) {
            const int8_t *from = qmcu_model_arena + at->offset;
            for (uint32_t k = 0; k < at->count; ++k) {
                to[k] = *from;
                from += at->stride;
            }
        }
        to += at->count;
    }
}

/* Ranges and sums; at most 256 features: |sum| <= 256 * 128. */
static void see_features(int32_t *seen)
{
    int32_t sum = 0;
    int32_t outside = 0;
    int32_t saturated = 0;
    for (uint32_t i = 0; i < QMCU_MONITOR_FEATURES; ++i) {
        const int32_t value = taken[i];
        sum += value;
        if (value < low[i] || value > high[i]) {
            ++outside;
            saturated += value == 127 || value == -128;
        }
    }
    const int32_t off = sum - (QMCU_MONITOR_SUM);
    seen[QMCU_OUTSIDE] = outside;
    seen[QMCU_SATURATED] = saturated;
    seen[QMCU_DEVIATION] = off < 0 ? -off : off;
}

/* The first of the largest scores, as argmax has it. */
static uint32_t see_scores(int32_t *seen)
{
    const int8_t *scores = taken + QMCU_MONITOR_FEATURES;
    uint32_t best = 0;
    int32_t second = -129;
    for (uint32_t i = 1; i < QMCU_MONITOR_CLASSES; ++i) {
        if (scores[i] > scores[best]) {
            second = scores[best];
            best = i;
        } else if (scores[i] > second) {
            second = scores[i];
        }
    }
    seen[QMCU_MARGIN] = second - scores[best];
    return best;
}

/* The centred features are the last ones; 256 * 255 * 255 < 2^24. */
static void see_distance(int32_t *seen, uint32_t best)
{
    const int8_t *centre = centres[best];
    const uint8_t *weight = weights[best];
    const int8_t *features = taken + QMCU_MONITOR_FEATURES - QMCU_MONITOR_CENTRED;
    int32_t distance = 0;
    for (uint32_t i = 0; i < QMCU_MONITOR_CENTRED; ++i) {
        const int32_t off = features[i] - centre[i];
        distance += (off < 0 ? -off : off) * weight[i];
    }
    seen[QMCU_DISTANCE] = distance >> 8;
}

void qmcu_monitor_done(void)
{
    int32_t seen[QMCU_STATISTICS];
    see_features(seen);
    const uint32_t best = see_scores(seen);
    see_distance(seen, best);
    uint32_t alarms = 0;
    for (uint32_t i = 0; i < QMCU_STATISTICS; ++i) {
        qmcu_statistic *statistic = &counters.statistics[i];
        const int32_t value = seen[i];
        const bool is_first = counters.inferences == 0;
        if (value > limits[i]) {
            alarms |= 1u << i;
            ++statistic->alarms;
        }
        statistic->last = value;
        statistic->most = is_first || value > statistic->most ? value : statistic->most;
        const int64_t sum =
            (int64_t)(((uint64_t)(uint32_t)statistic->sum_high << 32) | statistic->sum_low) + value;
        statistic->sum_low = (uint32_t)sum;
        statistic->sum_high = (int32_t)(sum >> 32);
    }
    ++counters.inferences;
    counters.alarms += alarms != 0;
    counters.last_class = best;
    counters.last_alarms = alarms;
    ++counters.classes[best];
    /* What was taken aside tells of the input. */
    memset(taken, 0, sizeof taken);
}

const qmcu_monitor_counters *qmcu_monitor_read(void)
{
    return &counters;
}

void qmcu_monitor_reset(void)
{
    memset(&counters, 0, sizeof counters);
}

#endif
