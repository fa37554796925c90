"""How to reach the legacy and the target platform; the only place that opens them."""
