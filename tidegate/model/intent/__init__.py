"""What the user wrote in `Pulumi.<stack>.yaml`, under `tidegate:`: one module a part, put together in `intent`."""
