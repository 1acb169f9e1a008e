"""What people set for the assistant: rules and skills, which change what models are told, and integrations."""
