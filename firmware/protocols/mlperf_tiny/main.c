#include "board.h"
#include "guard.h"
#include "mlperf_tiny.h"
#include "port.h"

int main(void)
{
    qmcu_port_init();
#if QMCU_RELEASE
    qmcu_guard_start();
#endif
    qmcu_mlperf_tiny_run();
}
