/* What the inferences of a monitored model have in common: integer counters of some activations,
   held against limits that were learned from calibration inputs (docs/MONITORING.md). */
#ifndef QMCU_MONITOR_H
#define QMCU_MONITOR_H

#include "board.h"

#ifdef QMCU_MONITOR
#include "monitor_limits.h"

#include <stdint.h>

/* Each is larger the more unusual an input is. */
enum {
    QMCU_OUTSIDE,   /* features outside the range that calibration had */
    QMCU_SATURATED, /* of these, those at the end of int8 */
    QMCU_DEVIATION, /* how far the sum of the features is from the usual one */
    QMCU_MARGIN,    /* the second score less the first: above 0 never */
    QMCU_DISTANCE,  /* sum of |feature - that feature's usual value in the class|, weighed */
    QMCU_STATISTICS
};

/* The order is that of the MONITOR payload. */
typedef struct {
    uint32_t alarms; /* inferences above the limit */
    int32_t last;
    int32_t most;
    uint32_t sum_low; /* of all inferences, 64 bits */
    int32_t sum_high;
} qmcu_statistic;

typedef struct {
    uint32_t inferences;
    uint32_t alarms; /* inferences of which at least one statistic is above its limit */
    uint32_t last_class;
    uint32_t last_alarms; /* a bit for each statistic */
    qmcu_statistic statistics[QMCU_STATISTICS];
    uint32_t classes[QMCU_MONITOR_CLASSES];
} qmcu_monitor_counters;

/* After layer `number`, counted from 0: what is to be seen of its output is taken aside. */
void qmcu_monitor_layer(uint32_t number);

/* After an inference. */
void qmcu_monitor_done(void);

const qmcu_monitor_counters *qmcu_monitor_read(void);
void qmcu_monitor_reset(void);

#endif
#endif
