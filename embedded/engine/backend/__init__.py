"""Where stacks live: Pulumi's DIY layout in a folder or an S3 bucket, the checkpoint's format, locks, and secrets."""
