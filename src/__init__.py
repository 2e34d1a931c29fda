"""schedbench: an experiment runner that benchmarks learning-rate schedules on MNIST."""
