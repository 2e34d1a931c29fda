"""From run records to tables and figures. Never imports the trainer."""
