"""Tables, plain-language answers and the HTML report."""
