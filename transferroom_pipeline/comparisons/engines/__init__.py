"""The engines that a comparison can run on."""
