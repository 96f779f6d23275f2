"""What is asked of an attacked network."""

from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.grids import layer_grids
from qmcu.backdoor.networks import Network, convert_network
from qmcu.types import Float64Array


def residuals_of(context: AttackContext, network: Network) -> list[Float64Array]:
    """Each layer's distance from the integers that a standard quantizer stores, in steps."""
    graph = convert_network(network, context.samples).graph
    return [g.residuals for g in layer_grids(network, graph)]
