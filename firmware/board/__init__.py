# The real board: everything that imports machine or rp2. The core never imports it; the app hands
# it over as one HAL object.
