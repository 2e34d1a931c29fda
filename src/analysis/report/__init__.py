"""Tables, answers in plain language and the HTML report."""
