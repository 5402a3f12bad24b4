"""What a stack is made of: one Pulumi component resource a file."""
