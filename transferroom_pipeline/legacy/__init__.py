"""The derived tables as the legacy platform builds them."""
