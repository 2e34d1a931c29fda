"""The command lines besides training: parse arguments, call the packages, print."""
