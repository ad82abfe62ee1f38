"""Programs that start-up is measured with: each loads a model, answers for one picture, and prints the label."""
