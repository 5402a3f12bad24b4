module tidegate.dev/shop

go 1.21
