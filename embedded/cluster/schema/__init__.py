"""What kinds there are, what their objects look like, what the server adds to them and what it refuses."""
