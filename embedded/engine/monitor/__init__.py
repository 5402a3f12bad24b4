"""The services that programs and plugins talk to: from requests to goals, and from states to answers."""
