"""How hypothesis judges: a machine that is busy makes inputs slowly, and that is no mistake of a strategy."""

from hypothesis import HealthCheck, settings

settings.register_profile("unit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unit")
