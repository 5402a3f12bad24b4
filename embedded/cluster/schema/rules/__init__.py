"""What each kind's objects must satisfy, in the words of the real server: the rules that no schema says."""
