#include "port.h"
#include "protocol.h"

int main(void)
{
    qmcu_port_init();
    qmcu_protocol_run();
}
