/* Code that some layer of the image needs: QMCU_WHERE(PART, ...) is it where QMCU_USES_PART is 1, and
   nothing where it is 0. */
#ifndef QMCU_WHERE_H
#define QMCU_WHERE_H

#define QMCU_WHERE(part, ...) QMCU_WHERE_USED(QMCU_USES_##part, __VA_ARGS__)
#define QMCU_WHERE_USED(used, ...) QMCU_WHERE_IS(used, __VA_ARGS__)
#define QMCU_WHERE_IS(used, ...) QMCU_WHERE_##used(__VA_ARGS__)
#define QMCU_WHERE_0(...)
#define QMCU_WHERE_1(...) __VA_ARGS__

/* What is said so many times as QMCU_COUNT, 0 to 4 or 8, says: QMCU_TIMES(COUNT, ...). */
#define QMCU_TIMES(count, ...) QMCU_TIMES_SAID(QMCU_##count, __VA_ARGS__)
#define QMCU_TIMES_SAID(count, ...) QMCU_TIMES_IS(count, __VA_ARGS__)
#define QMCU_TIMES_IS(count, ...) QMCU_TIMES_##count(__VA_ARGS__)
#define QMCU_TIMES_0(...)
#define QMCU_TIMES_1(...) __VA_ARGS__
#define QMCU_TIMES_2(...) __VA_ARGS__ __VA_ARGS__
#define QMCU_TIMES_3(...) __VA_ARGS__ __VA_ARGS__ __VA_ARGS__
#define QMCU_TIMES_4(...) __VA_ARGS__ __VA_ARGS__ __VA_ARGS__ __VA_ARGS__
#define QMCU_TIMES_8(...) QMCU_TIMES_4(__VA_ARGS__) QMCU_TIMES_4(__VA_ARGS__)

#endif
