/* Code that some layer of the image needs: QMCU_WHERE(PART, ...) is it where QMCU_USES_PART is 1, and
   nothing where it is 0. */
#ifndef QMCU_WHERE_H
#define QMCU_WHERE_H

#define QMCU_WHERE(part, ...) QMCU_WHERE_USED(QMCU_USES_##part, __VA_ARGS__)
#define QMCU_WHERE_USED(used, ...) QMCU_WHERE_IS(used, __VA_ARGS__)
#define QMCU_WHERE_IS(used, ...) QMCU_WHERE_##used(__VA_ARGS__)
#define QMCU_WHERE_0(...)
#define QMCU_WHERE_1(...) __VA_ARGS__

#endif
