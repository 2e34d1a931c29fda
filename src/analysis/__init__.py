"""Run records become tables, figures and a report. Never imports the trainer."""
