module tidegate.dev/pause

go 1.21
