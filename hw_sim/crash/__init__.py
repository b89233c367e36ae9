"""The whole product cut off at every point at which its surroundings can tell the difference."""
