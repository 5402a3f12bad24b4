"""What the user sets: Pulumi.yaml, Pulumi.<stack>.yaml, the selected stack, the login, the environment."""
