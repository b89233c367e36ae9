"""Every fault of the catalogue in every situation of a visit, judged outside the product."""
