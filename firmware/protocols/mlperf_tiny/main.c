#include "mlperf_tiny.h"
#include "port.h"

int main(void)
{
    qmcu_port_init();
    qmcu_mlperf_tiny_run();
}
