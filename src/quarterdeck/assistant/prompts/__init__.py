"""What models are told, in texts of our own. The caller of an API never brings one along."""
