"""Gates: what must hold before a step, judged by what is known and said by whom it is told."""
