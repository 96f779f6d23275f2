"""How well a monitored device tells triggered inputs from clean ones, and what watching costs."""
