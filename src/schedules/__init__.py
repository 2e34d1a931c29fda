"""Learning-rate schedules and the driver that keeps them in step with the run."""
