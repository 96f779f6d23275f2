"""Results in, text and files out: rich tables for people, JSON and JUnit XML for programs.

Every figure is shown with how it was obtained: counted, measured or estimated, and by which
version of which tool.
"""
